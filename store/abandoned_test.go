package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
)

func TestAnInterviewIsAbandonedWhenNobodyHoldsItAndNothingHappens(t *testing.T) {
	t.Parallel()
	b := setup(t)
	alive, dead, ours := b.process(t, "alive", ""), b.process(t, "dead", ""), b.process(t, "ours", "")
	begin := func(p *process) interview.ID {
		c := p.claim(t, b.interview(t))
		c.commit(c.says("hello"))
		b.exec(t, `UPDATE "Interview" SET status = 'IN_PROGRESS', type = 'VOICE' WHERE id = $1`, c.id)
		return c.id
	}
	quiet := func(id interview.ID) {
		b.exec(t, "UPDATE interview_owner SET heartbeat = now() - interval '10 minutes' WHERE interview = $1", id)
	}
	held, lost, given, fresh, over, text, empty := begin(alive), begin(dead), begin(alive), begin(dead), begin(dead), begin(dead), b.interview(t)
	kept := begin(ours) // could not be given back
	dead.lapse(t)
	b.exec(t, "UPDATE interview_owner SET owner = NULL WHERE interview = $1", given)
	for _, id := range []interview.ID{held, lost, given, over, text, kept} {
		quiet(id)
	}
	b.exec(t, `UPDATE "Interview" SET status = 'COMPLETED' WHERE id = $1`, over)
	b.exec(t, `UPDATE "Interview" SET type = 'TEXT' WHERE id = $1`, text)
	b.exec(t, `UPDATE "Interview" SET status = 'IN_PROGRESS', type = 'VOICE' WHERE id = $1`, empty)
	got, err := ours.Abandoned(t.Context(), "ours", 4*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	want := []interview.ID{lost, given, kept}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("abandoned: %v, want %v; held %s, fresh %s", got, want, held, fresh)
	}
}

func TestWhatAKilledWriterLeftUnsettledIsSettledLater(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := startCall(t, b, b.ledger(t))
	c.overtake()
	c.late(c.begins(3, "Well, tell me more."), c.begins(4, "This one ends."), c.ends(4, "This one ends."))
	for range 2 {
		if err := c.ledger.SettleOverdue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.lines(t, c.id); len(got) != 1 {
		t.Errorf("while its writer may still settle it: %q", got)
	}
	b.exec(t, "UPDATE interview_late SET stored_at = now() - interval '3 minutes' WHERE interview = $1", c.id)
	for range 2 {
		if err := c.ledger.SettleOverdue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.lines(t, c.id); len(got) != 2 || !slices.Contains(got, "assistant: Well, tell me more.") {
		t.Errorf("afterwards: %q", got)
	}
}
