package journal

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// A child that is started while a journal is open may have a copy of its lock's
// file. It holds nothing once the journal was closed.
func TestClosingFreesASlotWhoseLockAChildHasACopyOf(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, Options{})
	held, ok := j.held.(heldLock)
	if !ok {
		t.Fatalf("the lock is a %T", j.held)
	}
	child := exec.Command("sleep", "600") // with the lock's file as its descriptor 3
	child.ExtraFiles = append(child.ExtraFiles, held.File)
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	})
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir, Options{})
	if got, want := again.path(""), filepath.Clean(j.path("")); got != want {
		t.Errorf("the slot is %s, want %s again", got, want)
	}
}
