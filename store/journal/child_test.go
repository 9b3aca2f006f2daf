package journal

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// childTask tells this test's program what to do instead of its tests.
const childTask = "VANTAHIRE_JOURNAL_TEST_CHILD"

func TestMain(m *testing.M) {
	task, dir, found := strings.Cut(os.Getenv(childTask), " ")
	if !found {
		goleak.VerifyTestMain(m)
		return
	}
	if err := work(task, dir); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// work is what a child does: it says on its output what it has done, a line each.
func work(task, dir string) error {
	switch task {
	case "storm":
		return storm(dir)
	case "hold":
		j, err := Open(dir, Options{})
		if err != nil {
			return err
		}
		fmt.Println(j.Slot(), j.Instance())
		_, err = io.Copy(io.Discard, os.Stdin) // until it is killed or let go
		return errors.Join(err, j.Close())
	case "limited":
		return limited(dir)
	}
	return fmt.Errorf("no task %q", task)
}

// storm appends from several goroutines, releases now and then, and tells of what
// is acknowledged and what is about to be released.
func storm(dir string) error {
	j, err := Open(dir, Options{fileBytes: 16 << 10})
	if err != nil {
		return err
	}
	var mu sync.Mutex // an append and its line go together
	next := 1
	if all, err := j.Read(1 << 20); err != nil {
		return err
	} else if len(all) > 0 {
		next = int(all[len(all)-1].Seq) + 1
	}
	failed := make(chan error)
	for worker := range 3 {
		go func() {
			for n := 0; ; n++ {
				mu.Lock()
				first, last := next, next+(n*worker)%5
				next = last + 1
				err := j.Append(events(first, last))
				if err == nil {
					_, err = fmt.Printf("stored %d %d\n", first, last)
				}
				mu.Unlock()
				if err != nil {
					failed <- err
				}
			}
		}()
	}
	go func() {
		for {
			list, err := j.Read(7)
			if err == nil && len(list) == 7 && j.Len() > 50 {
				if _, err = fmt.Printf("released %d\n", list[6].Seq); err == nil {
					err = j.Release(7)
				}
			}
			if err != nil {
				failed <- err
			}
		}
	}()
	return <-failed
}

// limited may write files of some size only; it gets room while it runs.
func limited(dir string) error {
	set := func(size uint64) error {
		return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: ^uint64(0)})
	}
	if err := set(8 << 10); err != nil {
		return err
	}
	j, err := Open(dir, Options{})
	if err != nil {
		return err
	}
	n := 0
	for err == nil && n < 1000 {
		n++
		err = j.Append(events(n, n))
	}
	if !errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("event %d: %w", n, err)
	}
	if err := j.Append(events(1000, 1200)); !errors.Is(err, syscall.EFBIG) { // in no file at all
		return fmt.Errorf("a batch larger than the limit: %w", err)
	}
	if list, err := j.Read(1000); err != nil || !slices.Equal(numbers(list), upTo(1, n-1)) {
		return fmt.Errorf("read %v, %w", numbers(list), err)
	}
	if err := set(^uint64(0)); err != nil {
		return err
	}
	if err := j.Append(events(n, n+200)); err != nil {
		return fmt.Errorf("with room again: %w", err)
	}
	fmt.Println("stored", n+200)
	return j.Close()
}

// child starts a process with a task.
func child(t *testing.T, task, dir string) (cmd *exec.Cmd, out *bufio.Reader, in io.WriteCloser) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(program)
	cmd.Env = append(os.Environ(), childTask+"="+task+" "+dir)
	cmd.Stderr = os.Stderr
	in, err = cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_, _ = cmd.Process.Wait()
	})
	return cmd, bufio.NewReader(pipe), in
}

// kill ends a child at once and waits for its end.
func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
}

func TestKillingTheProcessInAStormOfAppendsLosesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stored, released, rounds, torn := 0, 0, 12, uint64(0)
	for round := range rounds {
		cmd, out, _ := child(t, "storm", dir)
		var said []byte
		for bytes.Count(said, []byte("stored")) <= round*5 {
			line, err := out.ReadBytes('\n')
			if err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
			said = append(said, line...)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		rest, err := io.ReadAll(out)
		if err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		last := 0
		for line := range strings.Lines(string(append(said, rest...))) {
			words := strings.Fields(line)
			if !strings.HasSuffix(line, "\n") {
				break // said in part
			}
			n, err := strconv.Atoi(words[len(words)-1])
			if err != nil {
				t.Fatal(line)
			}
			if words[0] == "released" {
				released = n
			} else {
				last = n
			}
		}
		if last <= stored {
			t.Fatalf("round %d: nothing was stored after event %d", round, stored)
		}
		stored = last
		j := open(t, dir, Options{})
		list := seqs(t, j)
		if len(list) == 0 || list[0] > released+1 || list[len(list)-1] < stored || !slices.Equal(list, upTo(list[0], list[len(list)-1])) {
			t.Fatalf("round %d: released up to %d, stored up to %d, but there are %v", round, released, stored, list)
		}
		if s := j.Stats(); s.Damaged+uint64(s.Kept) > 0 {
			t.Fatalf("%+v", s)
		} else {
			torn += s.Torn
		}
		// What was released and is still in a file comes again; so that the journal
		// does not grow, all but the newest events go now.
		if err := j.Release(max(0, len(list)-60)); err != nil {
			t.Fatal(err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("killed %d times: %d events, %d unfinished records cut off", rounds, stored, torn)
}

func TestEachProcessHasItsSlotAndTheDeadLeaveTheirs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hold := func() (cmd *exec.Cmd, in io.WriteCloser, slot, instance string) {
		cmd, out, in := child(t, "hold", dir)
		line, err := out.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		words := strings.Fields(line)
		return cmd, in, words[0], words[1]
	}
	first, _, slot, instance := hold()
	second, in, otherSlot, otherInstance := hold()
	if slot != "1" || otherSlot != "2" || instance == otherInstance {
		t.Fatalf("%s %s and %s %s", slot, instance, otherSlot, otherInstance)
	}
	self := open(t, dir, Options{})
	if self.Slot() != 3 {
		t.Fatalf("slot %d", self.Slot())
	}
	orphans := func() (found []string) {
		list, err := Orphans(dir, self, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range list {
			found = append(found, j.Instance())
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
		}
		return found
	}
	if got := orphans(); len(got) != 0 {
		t.Fatalf("living ones are taken for dead: %v", got)
	}
	if err := second.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	kill(t, first)
	for range 2 {
		if got := orphans(); !slices.Equal(got, []string{instance}) {
			t.Fatalf("orphans are %v, not %s", got, instance)
		}
	}
	if err := second.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	third, _, slot, again := hold()
	if slot != "1" || again != instance {
		t.Fatalf("the next one has slot %s, %s", slot, again)
	}
	if err := in.Close(); err != nil { // it ends in good order
		t.Fatal(err)
	}
	if err := second.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := orphans(); !slices.Equal(got, []string{otherInstance}) {
		t.Errorf("orphans are %v, not %s", got, otherInstance)
	}
	kill(t, third)
}

func TestAFullDiskStopsAppendsAndHarmsNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd, out, _ := child(t, "limited", dir)
	line, err := out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	last, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, "stored")))
	if err != nil || last < 210 {
		t.Fatalf("%q", line)
	}
	j := open(t, dir, Options{})
	if got := seqs(t, j); !slices.Equal(got, upTo(1, last)) {
		t.Errorf("read %v", got)
	}
	if s := j.Stats(); s.Damaged+s.Torn > 0 {
		t.Errorf("%+v", s)
	}
}

func TestAFullFileSystemStopsAppendsUntilThereIsRoom(t *testing.T) {
	t.Parallel()
	mount := t.TempDir()
	if err := syscall.Mount("tmpfs", mount, "tmpfs", 0, "size=256k"); err != nil {
		t.Logf("no file system can be mounted here (%v): the limit of a file's size stands for it", err)
		return
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(mount, 0); err != nil {
			t.Error(err)
		}
	})
	ballast, dir := filepath.Join(mount, "ballast"), filepath.Join(mount, "journal")
	if err := os.WriteFile(ballast, make([]byte, 128<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	j := open(t, dir, Options{fileBytes: 16 << 10})
	n, stored := 0, []int(nil)
	fill := func() {
		t.Helper()
		for n < 5000 {
			n++
			if err := j.Append(events(n, n)); err != nil {
				if !errors.Is(err, syscall.ENOSPC) {
					t.Fatal(err)
				}
				return
			}
			stored = append(stored, n)
		}
		t.Fatal("the disk is never full")
	}
	fill()
	fill()
	if len(stored) < 50 {
		t.Fatalf("only %d events", len(stored))
	}
	if got := seqs(t, j); !slices.Equal(got, stored) {
		t.Fatalf("read %v, stored are %v", got, stored)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	before := len(stored)
	fill()
	if len(stored) < before+50 {
		t.Fatalf("%d events after there was room", len(stored)-before)
	}
	if err := j.Release(before); err != nil { // a journal makes room too
		t.Fatal(err)
	}
	stored, before = stored[before:], len(stored)-before
	fill()
	if got := seqs(t, j); len(stored) < before+20 || !slices.Equal(got, stored) {
		t.Fatalf("read %v, stored are %v", got, stored)
	}
	// A start on the full disk needs no room.
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = open(t, dir, Options{})
	got := seqs(t, j)
	if !slices.Equal(got[max(0, len(got)-len(stored)):], stored) || j.Stats().Damaged+j.Stats().Torn > 0 {
		t.Errorf("read %v, stored are %v, %+v", got, stored, j.Stats())
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}
