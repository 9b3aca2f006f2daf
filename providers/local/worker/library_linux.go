package worker

import (
	"errors"
	"fmt"

	"github.com/ebitengine/purego"
)

// library is a loaded C library whose symbols are bound one by one; the first
// missing one is remembered.
type library struct {
	name   string
	handle uintptr
	errs   []error
}

// openLibrary loads a library by its soname from where the dynamic linker looks,
// LD_LIBRARY_PATH included. What it depends on is loaded with it.
func openLibrary(soname string) (*library, error) {
	handle, err := purego.Dlopen(soname, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", soname, err)
	}
	return &library{name: soname, handle: handle}, nil
}

// bind points the function variable at the symbol.
func (l *library) bind(fn any, symbol string) {
	if at := l.address(symbol); at != 0 {
		purego.RegisterFunc(fn, at)
	}
}

func (l *library) address(symbol string) uintptr {
	at, err := purego.Dlsym(l.handle, symbol)
	if err != nil {
		l.errs = append(l.errs, fmt.Errorf("%s lacks %s: %w", l.name, symbol, err))
		return 0
	}
	return at
}

// err says which symbols are missing.
func (l *library) err() error { return errors.Join(l.errs...) }
