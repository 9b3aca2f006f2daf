package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestWhatFailsStoresNothingAndHarmsNothing(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fail  []string
		fresh bool // a new file is due
	}{
		"a write":                                       {fail: []string{"write"}},
		"a write, and shortening the file":              {fail: []string{"write", "truncate"}},
		"an fsync":                                      {fail: []string{"sync"}},
		"an fsync, and shortening the file":             {fail: []string{"sync", "truncate"}},
		"making a file":                                 {fail: []string{"create"}, fresh: true},
		"the first write":                               {fail: []string{"write"}, fresh: true},
		"the first write, and removing the file":        {fail: []string{"write", "remove"}, fresh: true},
		"the first fsync":                               {fail: []string{"sync"}, fresh: true},
		"the first fsync, and removing the file":        {fail: []string{"sync", "remove"}, fresh: true},
		"the fsync of the folder":                       {fail: []string{"syncDir"}, fresh: true},
		"the fsync of the folder, and removing a file":  {fail: []string{"syncDir", "remove"}, fresh: true},
		"everything that changes a disk":                {fail: []string{"create", "write", "truncate", "sync", "syncDir", "remove", "rename"}},
		"everything that changes a disk, in a new file": {fail: []string{"create", "write", "truncate", "sync", "syncDir", "remove", "rename"}, fresh: true},
	} {
		for _, err := range []error{syscall.EIO, syscall.ENOSPC} {
			t.Run(fmt.Sprintf("%s: %s", name, err), func(t *testing.T) {
				t.Parallel()
				dir, d := t.TempDir(), newFaulty()
				o := Options{files: d}
				j := open(t, dir, o)
				appendAll(t, j, event(1))
				appendAll(t, j, event(2))
				if tc.fresh {
					_ = j.Close()
					j = open(t, dir, o)
				}
				d.failing(err, tc.fail...)
				for try := range 3 {
					if got := j.Append(events(3, 6)); !errors.Is(got, err) && (try == 0 || len(tc.fail) > 2 || tc.fresh) {
						t.Fatalf("try %d: %v", try, got)
					}
					if got := seqs(t, j); !slices.Equal(got, upTo(1, 2)) {
						t.Fatalf("try %d: read %v", try, got)
					}
				}
				d.when(nil)
				appendAll(t, j, event(7))
				if got := seqs(t, j); !slices.Equal(got, []int{1, 2, 7}) {
					t.Fatalf("read %v", got)
				}
				if s := j.Stats(); s.Failures != 3 || s.Events != 3 || s.Damaged != 0 {
					t.Errorf("%+v", s)
				}
				// Each start can cut off what is not sound, or can't.
				for _, fail := range [][]string{{"truncate"}, {"truncate", "remove"}, nil, nil} {
					_ = j.Close()
					d.failing(err, fail...)
					j = open(t, dir, o)
					if got := seqs(t, j); !slices.Equal(got, []int{1, 2, 7}) {
						t.Fatalf("after a start, read %v", got)
					}
					if s := j.Stats(); s.Damaged+s.Torn != 0 {
						t.Fatalf("%+v", s)
					}
				}
				if err := j.Release(3); err != nil {
					t.Fatal(err)
				}
				if s := j.Stats(); len(files(t, dir)) != 0 || s.Bytes != 0 {
					t.Errorf("%v, %+v", files(t, dir), s)
				}
			})
		}
	}
}

func TestAFileThatFailedIsNeverBelievedAgain(t *testing.T) {
	t.Parallel()
	dir, d := t.TempDir(), newFaulty()
	j := open(t, dir, Options{files: d})
	appendAll(t, j, event(1))
	failed := ""
	d.when(func(op, name string) error {
		if op != "sync" {
			return nil
		}
		if failed == "" {
			failed = name
			return syscall.EIO
		}
		if name == failed {
			t.Errorf("%s is synchronized again", name)
		}
		return nil
	})
	if err := j.Append(events(2, 2)); !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
	appendAll(t, j, events(2, 2)...)
	appendAll(t, j, events(3, 3)...)
	if got := files(t, dir); !slices.Equal(got, []string{"00000001.journal", "00000002.journal"}) || failed != "1/"+got[0] {
		t.Errorf("%v, %q failed", got, failed)
	}
	d.when(nil)
	if got := seqs(t, j); !slices.Equal(got, upTo(1, 3)) {
		t.Error(got)
	}
}

func TestADiskThatFailsForLongIsNotFilledWithFiles(t *testing.T) {
	t.Parallel()
	dir, d := t.TempDir(), newFaulty()
	j := open(t, dir, Options{files: d})
	appendAll(t, j, event(1))
	d.failing(syscall.ENOSPC, "write")
	for range 2 * maxEnds {
		if err := j.Append(events(2, 3)); !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
	if got := files(t, dir); len(got) != 1 {
		t.Errorf("%d files", len(got))
	}
	d.failing(syscall.EIO, "sync", "remove")
	for range 2 * maxEnds {
		if err := j.Append(events(2, 3)); err == nil {
			t.Fatal("it is stored on a disk that does not work")
		}
	}
	if got := files(t, dir); len(got) > maxEnds {
		t.Errorf("%d files", len(got))
	}
	d.when(nil)
	appendAll(t, j, event(4))
	if got := files(t, dir); len(got) != 2 {
		t.Errorf("%d files", len(got))
	}
	_ = j.Close()
	j = open(t, dir, Options{})
	if got := seqs(t, j); !slices.Equal(got, []int{1, 4}) {
		t.Error(got)
	}
}

func TestAFileThatFailedIsForgottenWithItsEvents(t *testing.T) {
	t.Parallel()
	d := &faulty{fileSystem: newSimulated(1)}
	j := open(t, "/journal", Options{files: d})
	for range 2 * maxEnds {
		appendAll(t, j, event(1))
		d.failing(syscall.EIO, "sync")
		if err := j.Append(events(2, 2)); !errors.Is(err, syscall.EIO) {
			t.Fatal(err)
		}
		d.when(nil)
		if err := j.Release(1); err != nil {
			t.Fatal(err)
		}
	}
	for n := range maxEnds { // those that hold events are no endless many
		appendAll(t, j, event(n))
		d.failing(syscall.EIO, "sync")
		if err := j.Append(events(1, 1)); !errors.Is(err, syscall.EIO) {
			t.Fatal(err)
		}
		d.when(nil)
	}
	if err := j.Append(events(1, 1)); !errors.Is(err, errTooManyFiles) {
		t.Fatal(err)
	}
	if err := j.Release(1); err != nil {
		t.Fatal(err)
	}
	appendAll(t, j, event(1))
}

func TestFilesThatCanNotBeRemovedYetAreTriedAgain(t *testing.T) {
	t.Parallel()
	for name, op := range map[string]string{"removing": "remove", "setting aside": "rename"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, d := t.TempDir(), newFaulty()
			o := Options{files: d}
			j := open(t, dir, o)
			appendAll(t, j, events(1, 2)...)
			if op == "rename" {
				text, path := written(t, 2), filepath.Join(dir, "1", files(t, dir)[0])
				text[len(text)-10] ^= 1
				if err := os.WriteFile(path, text, 0o600); err != nil {
					t.Fatal(err)
				}
				_ = j.Close()
				j = open(t, dir, o)
			}
			d.failing(syscall.EIO, op)
			if err := j.Release(j.Len()); !errors.Is(err, syscall.EIO) {
				t.Fatal(err)
			}
			if s := j.Stats(); s.Events != 0 || s.Bytes == 0 || len(files(t, dir)) != 1 || s.Kept != 0 {
				t.Fatalf("%+v", s)
			}
			appendAll(t, j, event(3))
			if got := seqs(t, j); !slices.Equal(got, []int{3}) {
				t.Fatal(got)
			}
			d.when(nil)
			if err := j.Release(0); err != nil {
				t.Fatal(err)
			}
			if got := files(t, dir); !slices.Contains(got, "00000002.journal") || slices.Contains(got, "00000001.journal") || slices.Contains(got, "00000001.journal.damaged") != (op == "rename") {
				t.Error(got)
			}
			if err := j.Release(1); err != nil || j.Stats().Bytes != 0 {
				t.Errorf("%v, %+v", err, j.Stats())
			}
		})
	}
}

func TestAFileThatCanNotBeOpenedNowIsReadLater(t *testing.T) {
	t.Parallel()
	d := newFaulty()
	j := open(t, t.TempDir(), Options{files: d})
	appendAll(t, j, events(1, 2)...)
	d.failing(syscall.EMFILE, "open")
	if got, err := j.Read(2); !errors.Is(err, syscall.EMFILE) || len(got) != 0 {
		t.Fatalf("%v, %v", got, err)
	}
	if s := j.Stats(); s.Events != 2 || s.Damaged != 0 {
		t.Errorf("%+v", s)
	}
	d.when(nil)
	if got := seqs(t, j); !slices.Equal(got, upTo(1, 2)) {
		t.Error(got)
	}
}

func TestASectorThatCanNotBeReadCostsWhatIsInItOnly(t *testing.T) {
	t.Parallel()
	const n = 60 // more than four sectors of records
	text := written(t, n)
	var want []int
	for i, at := 1, 0; i <= n; i++ {
		begin := at + strings.Index(string(text[at:]), "\n\n") + 2
		end := begin + strings.IndexByte(string(text[begin:]), '\n')
		if end < sector || begin >= 2*sector {
			want = append(want, i)
		}
		at = end
	}
	if len(want) < n/2 || len(want) > n-8 {
		t.Fatalf("%d records are outside the sector", len(want))
	}
	for name, when := range map[string]bool{"found at the start": true, "found in reading": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, log := newFaulty(), newHeard()
			dir := put(t, map[string][]byte{"00000001.journal": text})
			fail := func() {
				d.when(func(op, name string) error {
					if op == "read" && name == "1/00000001.journal" {
						return syscall.EIO
					}
					return nil
				})
			}
			if when {
				fail()
			}
			j := open(t, dir, Options{files: d, Logger: slog.New(log)})
			fail()
			if got := seqs(t, j); !slices.Equal(got, want) {
				t.Fatalf("read %v, want %v", got, want)
			}
			if alarms, _ := log.said(); alarms != 1 || j.Stats().Damaged == 0 {
				t.Errorf("%d alarms, %+v", alarms, j.Stats())
			}
			if err := j.Release(len(want)); err != nil || j.Stats().Kept != 1 {
				t.Errorf("%v, %+v", err, j.Stats())
			}
		})
	}
	t.Run("a disk with nothing to read on it does not hold a start up", func(t *testing.T) {
		t.Parallel()
		reads := 0
		broken := readerFunc(func([]byte, int64) (int, error) { reads++; return 0, syscall.EIO })
		scan(broken, maxFile, func(line) {})
		if reads > maxUnreadable {
			t.Errorf("%d sectors were tried", reads)
		}
	})
}

type readerFunc func(p []byte, at int64) (int, error)

func (f readerFunc) ReadAt(p []byte, at int64) (int, error) { return f(p, at) }

func TestASlotThatCanNotBeUsedIsPassedOverWithAnAlarm(t *testing.T) {
	t.Parallel()
	later, err := appendLine(nil, struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
		Ends    string `json:"ends"`
	}{format, 2, "another type"})
	if err != nil {
		t.Fatal(err)
	}
	for name, fault := range map[string]func(op, name string) error{
		"a later program has written it": nil,
		"its files can't be opened": func(op, name string) error {
			if op == "open" && strings.HasSuffix(name, extension) {
				return fs.ErrPermission
			}
			return nil
		},
		"its instance can't be read": func(op, name string) error {
			if op == "open" && name == "1/"+instanceName {
				return syscall.EIO
			}
			return nil
		},
		"it can't be listed": func(op, name string) error {
			if op == "list" && strings.HasSuffix(name, "/1") {
				return syscall.EIO
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, d, log := t.TempDir(), newFaulty(), newHeard()
			j := open(t, dir, Options{})
			appendAll(t, j, event(1))
			_ = j.Close()
			path := filepath.Join(dir, "1", "00000002.journal")
			if fault == nil {
				if err := os.WriteFile(path, later, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			d.when(fault)
			o := Options{files: d, Logger: slog.New(log)}
			other := open(t, dir, o)
			if alarms, said := log.said(); other.Slot() != 2 || alarms != 1 {
				t.Fatalf("slot %d, %d alarms:\n%s", other.Slot(), alarms, said)
			}
			appendAll(t, other, event(2))
			orphans, err := Orphans(dir, other, o)
			if err != nil || len(orphans) != 0 {
				t.Fatalf("%v, %v", orphans, err)
			}
			d.when(nil)
			if fault == nil {
				if err := os.Remove(path); err != nil { // it was left as it is
					t.Fatal(err)
				}
			}
			orphans, err = Orphans(dir, other, o)
			if err != nil || len(orphans) != 1 || orphans[0].Instance() != j.Instance() {
				t.Fatalf("%v, %v", orphans, err)
			}
			if got := seqs(t, orphans[0]); !slices.Equal(got, []int{1}) {
				t.Error(got)
			}
			_ = orphans[0].Close()
		})
	}
	t.Run("a new one would be no better", func(t *testing.T) {
		t.Parallel()
		d := newFaulty()
		d.failing(syscall.ENOSPC, "create")
		dir := t.TempDir()
		if _, err := Open(dir, Options{files: d}); !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "2")); !errors.Is(err, fs.ErrNotExist) {
			t.Error("it went on")
		}
		d.when(nil)
		if j := open(t, dir, Options{files: d}); j.Slot() != 1 { // the lock of the failed try is free
			t.Error(j.Slot())
		}
	})
}
