package journal

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/vantahire/vantahire/interview"
)

func TestASecondOpenTakesAnotherSlot(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "on", "the", "way")
	first, second := open(t, dir, Options{}), open(t, dir, Options{})
	if first.Slot() != 1 || second.Slot() != 2 || first.Instance() == second.Instance() || uuid.Validate(first.Instance()) != nil {
		t.Fatalf("%d %s, %d %s", first.Slot(), first.Instance(), second.Slot(), second.Instance())
	}
	appendAll(t, first, event(1))
	appendAll(t, second, event(2))
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	orphans, err := Orphans(dir, second, Options{})
	if err != nil || len(orphans) != 1 || orphans[0].Instance() != first.Instance() {
		t.Fatalf("%v, %v", orphans, err)
	}
	if got := seqs(t, orphans[0]); !slices.Equal(got, []int{1}) {
		t.Error(got)
	}
	// Whoever comes now must not get what is being drained.
	third := open(t, dir, Options{})
	if third.Slot() != 3 {
		t.Errorf("slot %d", third.Slot())
	}
	if more, err := Orphans(dir, third, Options{}); err != nil || len(more) != 0 {
		t.Errorf("%v, %v", more, err)
	}
	if err := errors.Join(orphans[0].Release(1), orphans[0].Close()); err != nil {
		t.Fatal(err)
	}
	if fourth := open(t, dir, Options{}); fourth.Slot() != 1 || fourth.Instance() != first.Instance() || fourth.Len() != 0 {
		t.Errorf("slot %d, %s, %d events", fourth.Slot(), fourth.Instance(), fourth.Len())
	}
}

func TestOnlySlotsThatWereHeldAreOrphans(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"2", "03", "x", "0", "-1", "65", "99999999999999999999"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if name == "2" {
			continue // its process died before it had an instance
		}
		if err := os.WriteFile(filepath.Join(dir, name, instanceName), []byte(uuid.NewString()+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	self := open(t, dir, Options{})
	if orphans, err := Orphans(dir, self, Options{}); err != nil || len(orphans) != 0 {
		t.Errorf("%v, %v", orphans, err)
	}
	if orphans, err := Orphans(filepath.Join(dir, "nowhere"), self, Options{}); !errors.Is(err, fs.ErrNotExist) || len(orphans) != 0 {
		t.Errorf("%v, %v", orphans, err)
	}
	if next := open(t, dir, Options{}); next.Slot() != 2 {
		t.Errorf("slot %d", next.Slot())
	}
}

func TestAllSlotsCanBeHeld(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for n := 1; n <= maxSlots; n++ {
		if j := open(t, dir, Options{}); j.Slot() != n {
			t.Fatalf("slot %d, want %d", j.Slot(), n)
		}
	}
	if j, err := Open(dir, Options{}); err == nil {
		t.Errorf("slot %d", j.Slot())
	}
}

func TestAnInstanceThatIsDamagedIsReplacedAndItsEventsStay(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"emptied": "", "other text": "hello\n", "other letters": "A6F1F2C0-6A67-4D5A-9A8E-D7F1D3F6C1AA\n", "long": string(make([]byte, 1<<20))} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, log := t.TempDir(), newHeard()
			j := open(t, dir, Options{})
			appendAll(t, j, event(1))
			_ = j.Close()
			if err := os.WriteFile(filepath.Join(dir, "1", instanceName), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			again := open(t, dir, Options{Logger: slog.New(log)})
			if alarms, _ := log.said(); uuid.Validate(again.Instance()) != nil || again.Instance() == j.Instance() || alarms != 1 {
				t.Errorf("%s, was %s, %d alarms", again.Instance(), j.Instance(), alarms)
			}
			if got := seqs(t, again); !slices.Equal(got, []int{1}) {
				t.Error(got)
			}
			_ = again.Close()
			if third := open(t, dir, Options{}); third.Instance() != again.Instance() {
				t.Errorf("%s, was %s", third.Instance(), again.Instance())
			}
		})
	}
}

func TestNobodyElseCanReadWhatWasSaid(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "journal")
	j := open(t, dir, Options{})
	appendAll(t, j, event(1))
	found := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if entry.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has %s", path, info.Mode())
		}
		found++
		return nil
	})
	if err != nil || found != 5 {
		t.Errorf("%d files and folders, %v", found, err)
	}
}

func TestAFullJournalTakesEventsAgainOnceThereIsRoom(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := Options{MaxBytes: 10_000, fileBytes: 2_000}
	j := open(t, dir, o)
	n := 0
	fill := func() {
		t.Helper()
		for {
			err := j.Append(events(n+1, n+1))
			if errors.Is(err, ErrFull) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
	}
	fill()
	if s := j.Stats(); s.Bytes > o.MaxBytes || s.Bytes < o.MaxBytes-1_000 || s.Failures != 0 {
		t.Fatalf("%+v", s)
	}
	if onDisk := size(t, dir); onDisk != j.Stats().Bytes {
		t.Errorf("%d bytes are on the disk, %d are told", onDisk, j.Stats().Bytes)
	}
	if err := j.Append(events(1, 100)); !errors.Is(err, ErrFull) {
		t.Errorf("more than the whole journal: %v", err)
	}
	full := n
	if err := j.Release(full / 2); err != nil {
		t.Fatal(err)
	}
	fill()
	if got := seqs(t, j); n == full || !slices.Equal(got, upTo(full/2+1, n)) {
		t.Errorf("read %v, want %d to %d", got, full/2+1, n)
	}
	_ = j.Close()
	j = open(t, dir, o)
	if err := j.Append(events(n+1, n+1)); !errors.Is(err, ErrFull) {
		t.Errorf("after a start: %v", err)
	}
	if got := seqs(t, j); got[len(got)-1] != n {
		t.Error(got)
	}
}

// size of the journal files of the first slot.
func size(t *testing.T, dir string) (bytes int64) {
	t.Helper()
	for _, name := range files(t, dir) {
		info, err := os.Stat(filepath.Join(dir, "1", name))
		if err != nil {
			t.Fatal(err)
		}
		bytes += info.Size()
	}
	return bytes
}

func TestFilesEndAndGoWhileTheJournalIsInUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := open(t, dir, Options{fileBytes: 4_000})
	const n = 100
	for i := 1; i <= n; i++ {
		appendAll(t, j, event(i))
	}
	before := files(t, dir)
	if len(before) < 6 {
		t.Fatal(before)
	}
	for _, name := range before {
		if info, err := os.Stat(filepath.Join(dir, "1", name)); err != nil || info.Size() > 4_000 {
			t.Errorf("%s has %d bytes, %v", name, info.Size(), err)
		}
	}
	for left := n; left > 0; left -= 5 {
		list, err := j.Read(5)
		if err != nil || !slices.Equal(numbers(list), upTo(n-left+1, n-left+5)) {
			t.Fatalf("%v, %v", numbers(list), err)
		}
		if s := j.Stats(); !s.Oldest.Equal(event(n - left + 1).At) {
			t.Errorf("the oldest of %v is of %s", numbers(list), s.Oldest)
		}
		now := files(t, dir)
		if err := j.Release(5); err != nil {
			t.Fatal(err)
		}
		after := files(t, dir)
		if len(after) > len(now) || !slices.Equal(after, now[len(now)-len(after):]) {
			t.Fatalf("%v became %v", now, after)
		}
		if got := j.Stats().Bytes; got != size(t, dir) {
			t.Errorf("%d bytes are told, %d are there", got, size(t, dir))
		}
	}
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("%v are left", left)
	}
	large := events(1, 50) // more than a file
	appendAll(t, j, large...)
	appendAll(t, j, event(51))
	if got := seqs(t, j); !slices.Equal(got, upTo(1, 51)) || len(files(t, dir)) != 2 {
		t.Errorf("%v in %v", got, files(t, dir))
	}
}

func TestManyUseAJournalAtOnce(t *testing.T) {
	t.Parallel()
	const writers, each = 4, 60
	dir := t.TempDir()
	j := open(t, dir, Options{fileBytes: 5_000})
	var writing, watching sync.WaitGroup
	ended := make(chan struct{})
	for w := range writers {
		writing.Go(func() {
			for n := 0; n < each; n += 3 {
				list := events(n+1, n+3)
				for i := range list {
					list[i].Interview = interview.ID(strconv.Itoa(w))
				}
				if err := j.Append(list); err != nil {
					t.Error(err)
				}
			}
		})
	}
	watching.Go(func() {
		for {
			select {
			case <-ended:
				return
			default:
			}
			if s := j.Stats(); s.Events < 0 || s.Bytes < 0 || s.Events > 0 == s.Oldest.IsZero() {
				t.Errorf("%+v", s)
				return
			}
			j.Len()
		}
	})
	written := make(chan struct{})
	watching.Go(func() {
		writing.Wait()
		close(written)
	})
	defer watching.Wait()
	defer close(ended)
	got := make(map[interview.ID][]int)
	for total := 0; total < writers*each; {
		all := false
		select {
		case <-written:
			all = true
		default:
		}
		list, err := j.Read(16)
		if err != nil {
			t.Fatal(err)
		}
		if all && len(list) == 0 {
			t.Fatalf("%d of %d events came", total, writers*each)
		}
		if err := j.Release(len(list)); err != nil {
			t.Fatal(err)
		}
		for _, ev := range list {
			got[ev.Interview] = append(got[ev.Interview], int(ev.Seq))
		}
		total += len(list)
	}
	for w := range writers {
		if seqs := got[interview.ID(strconv.Itoa(w))]; !slices.Equal(seqs, upTo(1, each)) {
			t.Errorf("writer %d: %v", w, seqs)
		}
	}
	if s := j.Stats(); s.Events != 0 || s.Bytes != 0 || s.Appended != writers*each || len(files(t, dir)) != 0 {
		t.Errorf("%+v, %v", s, files(t, dir))
	}
}

func TestClosingWaitsForWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := open(t, dir, Options{})
	var running sync.WaitGroup
	stored := make([]bool, 200)
	for n := range stored {
		running.Go(func() {
			err := j.Append(events(n+1, n+1))
			stored[n] = err == nil
			if err != nil && !errors.Is(err, ErrClosed) {
				t.Error(err)
			}
			if _, err := j.Read(3); err != nil && !errors.Is(err, ErrClosed) {
				t.Error(err)
			}
		})
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
	running.Wait()
	got := seqs(t, open(t, dir, Options{}))
	for n, is := range stored {
		if is != slices.Contains(got, n+1) {
			t.Errorf("event %d: stored %t, but there are %v", n+1, is, got)
		}
	}
}
