package realtime

import (
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFollowersGetTheEventsOfTheirTopicsInOrder(t *testing.T) {
	t.Parallel()
	b := NewBus()
	f := b.Follow(0, "interview:1", "user:7")
	defer f.Close()
	b.Publish(Event{Topic: "interview:1", Name: "a"})
	b.Publish(Event{Topic: "interview:2", Name: "b"})
	b.Publish(Event{Topic: "user:7", Name: "c"})
	for _, want := range []string{"a", "c"} {
		if got := (<-f.Events()).Name; got != want {
			t.Errorf("got event %q, want %q", got, want)
		}
	}
	if n := len(f.Events()); n != 0 {
		t.Errorf("%d further events wait", n)
	}
}

func TestASlowFollowerIsDroppedAndTheOthersAreNot(t *testing.T) {
	t.Parallel()
	b := NewBus()
	slow, quick := b.Follow(2, "x"), b.Follow(10, "x")
	defer quick.Close()
	for range 5 {
		b.Publish(Event{Topic: "x"})
	}
	n := 0
	for range slow.Events() { // ends, because the bus closed it
		n++
	}
	if n != 2 || !slow.Slow() {
		t.Errorf("slow follower got %d events, slow = %t; want 2, true", n, slow.Slow())
	}
	if len(quick.Events()) != 5 || quick.Slow() {
		t.Errorf("quick follower has %d events, slow = %t; want 5, false", len(quick.Events()), quick.Slow())
	}
	if b.Dropped() != 1 {
		t.Errorf("dropped = %d, want 1", b.Dropped())
	}
}

func TestClosingWhilePublishingIsSafe(t *testing.T) {
	t.Parallel()
	b := NewBus()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				f := b.Follow(1, "x")
				b.Publish(Event{Topic: "x"})
				f.Close()
				f.Close()
			}
		})
	}
	wg.Wait()
	if len(b.followers) != 0 {
		t.Errorf("%d topics are left behind", len(b.followers))
	}
}
