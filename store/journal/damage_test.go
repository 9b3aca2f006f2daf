package journal

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// heard counts what a journal's log says.
type heard struct {
	mu     sync.Mutex
	alarms []string
	text   bytes.Buffer
	to     slog.Handler
}

func newHeard() *heard {
	h := &heard{}
	h.to = slog.NewTextHandler(&h.text, nil)
	return h
}

func (h *heard) Enabled(context.Context, slog.Level) bool { return true }
func (h *heard) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h *heard) WithGroup(string) slog.Handler            { return h }

func (h *heard) Handle(ctx context.Context, r slog.Record) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.Level >= slog.LevelError {
		h.alarms = append(h.alarms, r.Message)
	}
	return h.to.Handle(ctx, r)
}

func (h *heard) said() (alarms int, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.alarms), h.text.String()
}

// written is a journal's only file after one Append for each event.
func written(t *testing.T, n int) []byte {
	t.Helper()
	dir := t.TempDir()
	j := open(t, dir, Options{})
	for i := 1; i <= n; i++ {
		appendAll(t, j, event(i))
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	names := files(t, dir)
	if len(names) != 1 {
		t.Fatal(names)
	}
	text, err := os.ReadFile(filepath.Join(dir, "1", names[0]))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// put makes files the files of the first slot.
func put(t *testing.T, files map[string][]byte) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "1"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, "1", name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// onDisk is a disk in memory whose first slot has one file.
func onDisk(text []byte) *simulated {
	d := newSimulated(1)
	d.folders["/"] = &simFolder{now: make(map[string]*simFile), durable: make(map[string]*simFile)}
	d.folders["/1"] = &simFolder{now: map[string]*simFile{"00000001.journal": {now: text, durable: text}}, durable: make(map[string]*simFile)}
	return d
}

func TestARecordTornAtAnyByteCostsNothingElse(t *testing.T) {
	t.Parallel()
	text := written(t, 3)
	last := bytes.LastIndex(text, []byte("\n\n")) + 1 // behind the second event
	for cut := last; cut < len(text); cut++ {
		for how, torn := range map[string][]byte{
			"cut off":           text[:cut],
			"with zeros behind": append(slices.Clone(text[:cut]), make([]byte, len(text)-cut)...),
		} {
			d, log := onDisk(torn), newHeard()
			j := open(t, "/", Options{Logger: slog.New(log), files: d})
			want := upTo(1, 2)
			complete := cut == len(text)-1
			if complete {
				want = upTo(1, 3) // only the line end is missing
			}
			if got := seqs(t, j); !slices.Equal(got, want) {
				t.Fatalf("%s at byte %d of %d: %v", how, cut, len(text), got)
			}
			s := j.Stats()
			alarms, said := log.said()
			switch {
			case complete && how != "cut off":
				if s.Damaged != 1 || alarms != 1 { // a zero for the line end: no crash does that alone
					t.Errorf("%s at byte %d: %+v", how, cut, s)
				}
			case s.Damaged != 0 || alarms != 0:
				t.Fatalf("%s at byte %d is taken for damage: %+v\n%s", how, cut, s, said)
			case !complete && cut > last+1 && s.Torn != 1:
				t.Fatalf("%s at byte %d is not counted: %+v", how, cut, s)
			}
			appendAll(t, j, event(4))
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			j = open(t, "/", Options{files: d})
			if got := seqs(t, j); !slices.Equal(got, append(slices.Clone(want), 4)) {
				t.Fatalf("%s at byte %d, a start later: %v", how, cut, got)
			}
			if s := j.Stats(); s.Torn != 0 || !complete && s.Damaged != 0 {
				t.Fatalf("%s at byte %d, a start later: %+v", how, cut, s)
			}
			if err := j.Release(j.Len()); err != nil {
				t.Fatal(err)
			}
			_ = j.Close()
		}
	}
}

func TestAFlippedBitCostsItsRecordOnlyAndIsSeenAndKept(t *testing.T) {
	t.Parallel()
	text := written(t, 4)
	starts := []int{0} // of what belongs to each record, its empty line included
	for i := range text {
		if bytes.HasPrefix(text[i:], []byte("\n\n")) {
			starts = append(starts, i+1)
		}
	}
	starts = append(starts, len(text))
	if len(starts) != 6 { // the header's part, four records, the end
		t.Fatal(starts)
	}
	for at := range text {
		record, _ := slices.BinarySearch(starts, at+1)
		record-- // 0 is the header
		for bit := range 8 {
			if record != 2 && bit != at%8 {
				continue // every bit of one record, and one of each byte elsewhere
			}
			damaged := slices.Clone(text)
			damaged[at] ^= 1 << bit
			d, log := onDisk(damaged), newHeard()
			j := open(t, "/", Options{Logger: slog.New(log), files: d})
			got := seqs(t, j)
			for n := 1; n <= 4; n++ {
				if (n != record || text[at] == '\n') && !slices.Contains(got, n) {
					t.Fatalf("bit %d of byte %d, %q, is in record %d and costs record %d: %v", bit, at, text[at], record, n, got)
				}
			}
			if len(got) > 4 || !slices.IsSorted(got) {
				t.Fatalf("bit %d of byte %d: %v", bit, at, got)
			}
			alarms, said := log.said()
			if s := j.Stats(); s.Damaged == 0 || s.Torn != 0 || s.Events != len(got) || alarms != 1 {
				t.Fatalf("bit %d of byte %d, in record %d: %+v, %d alarms\n%s", bit, at, record, s, alarms, said)
			}
			if strings.Contains(said, "payment") || strings.Contains(said, "a6f1f2c0") {
				t.Fatalf("the log tells what was said: %s", said)
			}
			if err := j.Release(len(got)); err != nil {
				t.Fatal(err)
			}
			if s := j.Stats(); s.Kept != 1 || s.Bytes != 0 {
				t.Fatalf("%+v", s)
			}
			if kept := d.folders["/1"].now["00000001.journal.damaged"]; kept == nil || !bytes.Equal(kept.now, damaged) {
				t.Fatal("the damaged file is not kept as it was")
			}
			_ = j.Close()
		}
	}
}

func TestDamagedFilesAreNeverWrittenOver(t *testing.T) {
	t.Parallel()
	text := written(t, 3)
	text[len(text)/2] ^= 1
	dir := put(t, map[string][]byte{"00000007.journal": text, "00000009.journal.damaged": []byte("evidence")})
	for round := range 3 {
		j := open(t, dir, Options{})
		if err := j.Release(j.Len()); err != nil {
			t.Fatal(err)
		}
		appendAll(t, j, event(10+round))
		if want := 2; j.Stats().Kept != want {
			t.Errorf("%+v", j.Stats())
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got := files(t, dir); !slices.Equal(got, []string{"00000007.journal.damaged", "00000009.journal.damaged", "00000012.journal"}) {
		t.Error(got)
	}
	if kept, err := os.ReadFile(filepath.Join(dir, "1", "00000009.journal.damaged")); err != nil || string(kept) != "evidence" {
		t.Errorf("%q, %v", kept, err)
	}
}

func TestDamageThatComesWhileTheJournalIsOpenIsSeenWhenItIsRead(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		harm func(t *testing.T, path string, text []byte)
		left []int
		kept int
	}{
		"a record changes": {func(t *testing.T, path string, text []byte) {
			t.Helper()
			at := bytes.Index(text, []byte(`"2. I worked`))
			text[at+1] = '7'
			overwrite(t, path, text)
		}, []int{1, 3, 4}, 1},
		"the file is cut": {func(t *testing.T, path string, text []byte) {
			t.Helper()
			if err := os.Truncate(path, int64(len(text)*3/5)); err != nil {
				t.Fatal(err)
			}
		}, []int{1, 2}, 1},
		"the file is emptied": {func(t *testing.T, path string, _ []byte) {
			t.Helper()
			if err := os.Truncate(path, 0); err != nil {
				t.Fatal(err)
			}
		}, []int{}, 1},
		"somebody removes it": {func(t *testing.T, path string, _ []byte) {
			t.Helper()
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}, []int{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, log := t.TempDir(), newHeard()
			j := open(t, dir, Options{Logger: slog.New(log)})
			appendAll(t, j, events(1, 4)...)
			path := filepath.Join(dir, "1", files(t, dir)[0])
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			tc.harm(t, path, text)
			if got := seqs(t, j); !slices.Equal(got, tc.left) {
				t.Fatalf("read %v", got)
			}
			if s := j.Stats(); s.Damaged != uint64(4-len(tc.left)) || s.Events != len(tc.left) {
				t.Errorf("%+v", s)
			}
			if alarms, said := log.said(); alarms != 1 || strings.Contains(said, "payment") {
				t.Errorf("%d alarms:\n%s", alarms, said)
			}
			if err := j.Release(len(tc.left)); err != nil {
				t.Fatal(err)
			}
			appendAll(t, j, event(5))
			if got := seqs(t, j); !slices.Equal(got, []int{5}) || j.Stats().Kept != tc.kept {
				t.Errorf("%v, %+v", got, j.Stats())
			}
		})
	}
}

func overwrite(t *testing.T, path string, text []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(text, 0); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestForeignFilesAreLeftAlone(t *testing.T) {
	t.Parallel()
	foreign := map[string][]byte{
		"notes.txt": []byte("mine"), "1.journal": []byte("x"), "00000000.journal": []byte("x"), "0000000x.journal": []byte("x"), "000000001.journal": []byte("x"),
		"-0000001.journal": []byte("x"), "99999999999999999999.journal": []byte("x"), "00000001.journal~": []byte("x"), "00000001.damaged": []byte("x"),
	}
	dir := put(t, foreign)
	slot := filepath.Join(dir, "1")
	for _, err := range []error{
		os.Mkdir(filepath.Join(slot, "00000003.journal"), 0o700),
		os.Symlink(filepath.Join(slot, "notes.txt"), filepath.Join(slot, "00000004.journal")),
		syscall.Mkfifo(filepath.Join(slot, "00000005.journal"), 0o600),
		os.Mkdir(filepath.Join(dir, "01"), 0o700),
		os.WriteFile(filepath.Join(dir, "2"), []byte("x"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	j := open(t, dir, Options{})
	appendAll(t, j, events(1, 2)...)
	if got := files(t, dir); !slices.Contains(got, "00000006.journal") {
		t.Errorf("a number is used twice: %v", got)
	}
	if got := seqs(t, j); !slices.Equal(got, upTo(1, 2)) {
		t.Error(got)
	}
	if err := j.Release(2); err != nil {
		t.Fatal(err)
	}
	if orphans, err := Orphans(dir, j, Options{}); err != nil || len(orphans) != 0 {
		t.Errorf("%v, %v", orphans, err)
	}
	for name, want := range foreign {
		if text, err := os.ReadFile(filepath.Join(slot, name)); err != nil || !bytes.Equal(text, want) {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	for _, name := range []string{"00000003.journal", "00000004.journal", "00000005.journal"} {
		if _, err := os.Lstat(filepath.Join(slot, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestFilesFullOfAnythingAreReadWithoutHarm(t *testing.T) {
	t.Parallel()
	good := written(t, 2)
	long := append(bytes.Repeat([]byte("x"), maxRecord+1), '\n')
	for name, tc := range map[string]struct {
		text    []byte
		left    []int
		damaged bool
	}{
		"nothing":                         {nil, []int{}, false},
		"only line ends":                  {bytes.Repeat([]byte("\n"), 100_000), []int{}, false},
		"zeros":                           {make([]byte, 1<<20), []int{}, false}, // one line without an end: torn
		"other text":                      {[]byte(strings.Repeat("what is this\n", 10_000)), []int{}, true},
		"a line too long before records":  {slices.Concat(long, good), []int{1, 2}, true},
		"a line too long behind records":  {slices.Concat(good, long), []int{1, 2}, true},
		"one file twice in itself":        {slices.Concat(good, good), []int{1, 2, 1, 2}, true}, // the header is no event
		"records without a header":        {good[bytes.IndexByte(good, '\n')+1:], []int{1, 2}, false},
		"records with other line ends":    {bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n")), []int{1, 2}, true},
		"a record on both sides of noise": {slices.Concat(good, []byte("noise\n"), good[bytes.IndexByte(good, '\n'):]), []int{1, 2, 1, 2}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := open(t, put(t, map[string][]byte{"00000001.journal": tc.text}), Options{})
			if got := seqs(t, j); !slices.Equal(got, tc.left) {
				t.Errorf("read %.100v", fmt.Sprint(got))
			}
			if s := j.Stats(); s.Damaged > 0 != tc.damaged {
				t.Errorf("%+v", s)
			}
			appendAll(t, j, event(9))
			if err := j.Release(j.Len()); err != nil {
				t.Fatal(err)
			}
			if s := j.Stats(); s.Kept > 0 != tc.damaged || s.Bytes != 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}
