package journal

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEventsComeBackInOrderUntilTheyAreReleased(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := open(t, dir, Options{})
	appendAll(t, j, events(1, 3)...)
	appendAll(t, j, event(4))
	if got, err := j.Read(10); err != nil || !cmp.Equal(got, events(1, 4)) {
		t.Fatalf("read %v, %v: %s", numbers(got), err, cmp.Diff(events(1, 4), got))
	}
	if got, err := j.Read(2); err != nil || !slices.Equal(numbers(got), upTo(1, 2)) {
		t.Fatalf("read %v, %v", numbers(got), err)
	}
	if err := j.Release(3); err != nil {
		t.Fatal(err)
	}
	if got := seqs(t, j); !slices.Equal(got, []int{4}) || j.Len() != 1 {
		t.Fatalf("%v are left, %d", got, j.Len())
	}
	if s := j.Stats(); s.Events != 1 || s.Appended != 4 || s.Bytes == 0 || s.Damaged+s.Torn != 0 || !s.Oldest.Equal(event(4).At) {
		t.Errorf("%+v", s)
	}
	if err := j.Release(2); err == nil || j.Len() != 1 {
		t.Errorf("more was released than there is: %v, %d left", err, j.Len())
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{j.Append(events(5, 5)), j.Release(0), second(j.Read(1))} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("after the end: %v", err)
		}
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}

	again := open(t, dir, Options{})
	if got := seqs(t, again); !slices.Equal(got, upTo(1, 4)) || again.Instance() != j.Instance() || again.Slot() != 1 {
		t.Fatalf("%v in %s, was %s", got, again.Instance(), j.Instance())
	}
	if s := again.Stats(); s.Events != 4 || !s.Oldest.Equal(event(1).At) {
		t.Errorf("%+v", s)
	}
	appendAll(t, again, event(5))
	if got := seqs(t, again); !slices.Equal(got, upTo(1, 5)) {
		t.Fatal(got)
	}
	if err := again.Release(5); err != nil {
		t.Fatal(err)
	}
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("%v are left", left)
	}
	if s := again.Stats(); s.Events != 0 || s.Bytes != 0 || !s.Oldest.IsZero() {
		t.Errorf("%+v", s)
	}
	appendAll(t, again, event(6))
	if got := seqs(t, again); !slices.Equal(got, []int{6}) {
		t.Fatal(got)
	}
}

func second[T any](_ T, err error) error { return err }

// files are the journal files of the first slot.
func files(t testing.TB, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, "1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, _, ours := fileNumber(e.Name()); ours {
			names = append(names, e.Name())
		}
	}
	return names
}
