package journal

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	extension = ".journal"
	// keptExtension marks a file that is kept for its damage.
	keptExtension = ".damaged"
	// nameDigits is the shortest number in a name; maxNumber the largest one used.
	nameDigits = 8
	maxNumber  = 1_000_000_000_000_000
)

// segment is one file of a journal.
type segment struct {
	number int64
	spans  []span // of the records that are not released, in order
	size   int64  // up to where the file is good
	// damaged files are kept.
	damaged bool
}

// span is where a record is in its file: its line without the line end.
type span struct{ at, n uint32 }

// name of the file.
func (s *segment) name() string { return fileName(s.number) }

func fileName(number int64) string {
	return fmt.Sprintf("%0*d%s", nameDigits, number, extension)
}

// fileNumber reads a file's name. kept says that it was set aside.
func fileNumber(name string) (number int64, kept, ok bool) {
	name, kept = strings.CutSuffix(name, keptExtension)
	digits, ours := strings.CutSuffix(name, extension)
	if !ours || len(digits) < nameDigits {
		return 0, false, false
	}
	number, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || number < 1 || number > maxNumber || fileName(number) != name {
		return 0, false, false
	}
	return number, kept, true
}

func (j *Journal) path(name string) string { return filepath.Join(j.dir, name) }
