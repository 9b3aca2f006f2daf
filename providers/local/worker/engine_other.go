//go:build !linux

package worker

import (
	"errors"
	"fmt"
	"runtime"
)

var errNoLibraries = errors.New("the speech libraries are loaded on Linux only")

func loadVoice() (voice, error) {
	return nil, fmt.Errorf("flite on %s: %w", runtime.GOOS, errNoLibraries)
}

func loadEars(string) (decoders, error) {
	return nil, fmt.Errorf("pocketsphinx on %s: %w", runtime.GOOS, errNoLibraries)
}
