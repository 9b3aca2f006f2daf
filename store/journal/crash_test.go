package journal

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/vantahire/vantahire/interview"
)

// told is what a caller of a journal knows.
type told struct {
	next     int   // the next event
	stored   []int // acknowledged and not released
	readable []int // by the journal that is open: after a start, what was not acknowledged may be there too
	instance string
}

// use does everything with a journal that one can, until the disk crashes.
func (m *told) use(dir string, d *simulated, o Options) error {
	o.files = d
	for range 2 {
		j, err := Open(dir, o)
		if err != nil {
			return err
		}
		m.instance = j.Instance()
		for _, step := range []func() error{
			func() error { return m.append(j, 1) },
			func() error { return m.append(j, 1) },
			func() error { return m.append(j, 3) },
			func() error { return m.release(j, 1) },
			func() error { return m.append(j, 12) }, // the file ends here
			func() error { return m.append(j, 2) },
			func() error { return m.release(j, 6) },
			func() error { return m.append(j, 1) },
			func() error { return m.release(j, j.Len()) },
			func() error { return m.append(j, 2) },
			func() error { return m.append(j, 1) },
			func() error { return m.release(j, 1) },
		} {
			if err := step(); err != nil {
				_ = j.Close()
				return err
			}
		}
		if err := j.Close(); err != nil {
			return err
		}
	}
	return nil
}

func (m *told) append(j *Journal, n int) error {
	first := m.next
	m.next += n
	if err := j.Append(events(first, m.next-1)); err != nil {
		return err
	}
	m.stored = append(m.stored, upTo(first, m.next-1)...)
	m.readable = append(m.readable, upTo(first, m.next-1)...)
	return nil
}

// release lets go of the n oldest. What was read is what Release means.
func (m *told) release(j *Journal, n int) error {
	list, err := j.Read(n)
	if err != nil {
		return err
	}
	if len(list) != n {
		return fmt.Errorf("read %d of %d events", len(list), n)
	}
	err = j.Release(n)
	for _, seq := range numbers(list) {
		m.stored = slices.DeleteFunc(m.stored, func(k int) bool { return k == seq })
		m.readable = slices.DeleteFunc(m.readable, func(k int) bool { return k == seq })
	}
	return err
}

// missing says what the journal has lost, or gives in another order.
func (m *told) missing(list []interview.Event) error {
	found := numbers(list)
	if !slices.IsSorted(found) || len(slices.Compact(slices.Clone(found))) != len(found) {
		return fmt.Errorf("the order is %v", found)
	}
	for _, seq := range m.stored {
		if !slices.Contains(found, seq) {
			return fmt.Errorf("event %d is lost: %v, of %v", seq, found, m.stored)
		}
	}
	for _, ev := range list {
		if n := int(ev.Seq); n < 1 || n >= m.next || string(ev.Payload) != string(event(n).Payload) {
			return fmt.Errorf("event %d was never handed over so", ev.Seq)
		}
	}
	return nil
}

func TestACrashBetweenAnyTwoStepsLosesNothingThatWasAcknowledged(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]loss{
		"the process is killed":                            killed,
		"the power goes and files end early":               cutOff,
		"the power goes and any unsynchronized part stays": scattered,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			steps := 0
			for seed := range uint64(4) {
				for at := 1; ; at++ {
					crashed, err := crashAt(seed, at, l)
					if err != nil {
						t.Fatalf("seed %d, crash at change %d: %v", seed, at, err)
					}
					if !crashed {
						break
					}
					steps++
				}
			}
			if steps < 200 {
				t.Errorf("there were only %d crashes", steps)
			}
		})
	}
}

// crashAt uses a journal until a crash, lets recovery crash too, and then looks at
// what is there; and whether the journal goes on to work.
func crashAt(seed uint64, at int, l loss) (crashed bool, err error) {
	const dir = "/journal"
	o := Options{fileBytes: 4 << 10}
	d := newSimulated(seed)
	d.crashAt = at
	m := told{next: 1}
	err = m.use(dir, d, o)
	if err == nil {
		return false, nil
	}
	if !errors.Is(err, errCrashed) {
		return true, err
	}
	d = d.restart(l)
	d.crashAt = 1 + d.rnd.IntN(6)
	o.files = d
	if j, err := Open(dir, o); err == nil {
		err = m.append(j, 1)
		_ = j.Close()
		if err != nil && !errors.Is(err, errCrashed) {
			return true, fmt.Errorf("after the first restart: %w", err)
		}
	} else if !errors.Is(err, errCrashed) {
		return true, fmt.Errorf("the first restart: %w", err)
	}
	d = d.restart(l)
	o.files = d
	for range 2 {
		j, err := Open(dir, o)
		if err != nil {
			return true, err
		}
		list, err := j.Read(1 << 20)
		if err == nil {
			err = m.missing(list)
		}
		if err == nil && m.instance != "" && m.instance != j.Instance() {
			err = errors.New("the slot has another instance")
		}
		if s := j.Stats(); err == nil && l != scattered && s.Damaged+uint64(s.Kept) > 0 {
			err = fmt.Errorf("a crash is taken for damage: %+v", s)
		}
		if err == nil {
			err = m.append(j, 2)
		}
		if err = errors.Join(err, j.Close()); err != nil {
			return true, err
		}
		if l == killed {
			d = d.restart(l)
			o.files = d
		}
	}
	return true, nil
}
