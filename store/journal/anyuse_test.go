package journal

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/vantahire/vantahire/interview"
)

// TestAnyUseOnADiskThatFailsAtTimes compares a journal with what its caller knows.
func TestAnyUseOnADiskThatFailsAtTimes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sim := newSimulated(rapid.Uint64().Draw(t, "seed"))
		d := &faulty{fileSystem: sim}
		o := Options{files: d, fileBytes: 2 << 10, MaxBytes: 64 << 10}
		m := told{next: 1}
		j, err := Open("/journal", o)
		if err != nil {
			t.Fatal(err)
		}
		deadline := time.Now().Add(time.Minute)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			if time.Now().After(deadline) {
				t.Fatal("it hangs")
			}
			fail := rapid.SliceOfN(rapid.SampledFrom([]string{"write", "sync", "truncate", "remove", "create", "syncDir", "rename", "open"}), 0, 3).Draw(t, "fail")
			d.failing(syscall.EIO, fail...)
			switch rapid.SampledFrom([]string{"append", "append", "append", "release", "restart", "power"}).Draw(t, "do") {
			case "append":
				_ = m.append(j, rapid.IntRange(1, 9).Draw(t, "events"))
			case "release":
				_ = m.release(j, rapid.IntRange(0, j.Len()).Draw(t, "events"))
			case "restart":
				_ = j.Close()
				// A start whose fsync fails too can't know what a loss of power will leave of
				// what it finds: that may be taken for damage then, which is a false alarm.
				d.failing(syscall.EIO, slices.DeleteFunc(fail, func(op string) bool { return op == "open" || op == "create" || op == "sync" })...)
				j, err = Open("/journal", o)
				m.foundAgain(t, j, err)
				continue
			case "power":
				sim = sim.restart(cutOff)
				d.fileSystem = sim
				d.when(nil)
				j, err = Open("/journal", o)
				m.foundAgain(t, j, err)
				continue
			}
			d.when(nil)
			list, err := j.Read(1 << 20)
			if err != nil {
				t.Fatal(err)
			}
			if got := numbers(list); !slices.Equal(got, m.readable) {
				t.Fatalf("read %v, want %v", got, m.readable)
			}
			if s := j.Stats(); s.Events != len(m.readable) || s.Bytes > o.MaxBytes || s.Damaged > 0 {
				t.Fatalf("%+v of %d", s, len(m.readable))
			}
		}
		_ = j.Close()
	})
}

// foundAgain compares what a start finds. What was released, or failed, may be
// there as well.
func (m *told) foundAgain(t *rapid.T, j *Journal, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var list []interview.Event
	if list, err = j.Read(1 << 20); err != nil {
		t.Fatal(err)
	}
	if err := m.missing(list); err != nil {
		t.Fatal(err)
	}
	if s := j.Stats(); s.Damaged > 0 || s.Events != len(list) {
		t.Fatalf("%+v", s)
	}
	m.readable = numbers(list)
}
