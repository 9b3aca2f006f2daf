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
	dead.lapse(t)
	b.exec(t, "UPDATE interview_owner SET owner = NULL WHERE interview = $1", given)
	for _, id := range []interview.ID{held, lost, given, over, text} {
		quiet(id)
	}
	b.exec(t, `UPDATE "Interview" SET status = 'COMPLETED' WHERE id = $1`, over)
	b.exec(t, `UPDATE "Interview" SET type = 'TEXT' WHERE id = $1`, text)
	b.exec(t, `UPDATE "Interview" SET status = 'IN_PROGRESS', type = 'VOICE' WHERE id = $1`, empty)
	got, err := ours.Abandoned(t.Context(), 4*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	want := []interview.ID{lost, given}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("abandoned: %v, want %v; held %s, fresh %s", got, want, held, fresh)
	}
}
