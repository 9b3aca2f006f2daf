package outage

import (
	"context"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
)

// marker is what the database of the test refuses in any event.
const marker = "poisonous"

// Among many calls one is deleted from the database while it is held, and one says
// something that the database refuses: the others feel nothing.
func TestOnePoisonedRowHarmsNoOtherCall(t *testing.T) {
	t.Parallel()
	h := open(t, nil)
	s := h.serve(nil)
	n := max(4, *calls)
	p := h.invite(s, n, func(c *Candidate) { c.Typing = true })
	p.talking(make([]int, n), 2)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	conn := h.connect(ctx)
	defer func() { _ = conn.Close(ctx) }()
	for _, sql := range []string{
		`ALTER TABLE interview_events ADD CONSTRAINT no_poison CHECK (kind <> 'segment_final' OR payload::text NOT LIKE '%` + marker + `%') NOT VALID`,
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	poisoned, deleted := p.candidates[0], p.candidates[1]
	id, gone := poisoned.Interview(), deleted.Interview()
	poisoned.Say("this is a " + marker + " line")
	if _, err := conn.Exec(ctx, `DELETE FROM "Interview" WHERE id = $1`, gone); err != nil {
		t.Fatal(err)
	}
	h.until(time.Minute, "the row is in quarantine", func() bool {
		var found bool
		err := conn.QueryRow(ctx, `SELECT count(*) = 1 FROM interview_quarantine WHERE interview = $1`, id).Scan(&found)
		return err == nil && found
	})
	h.until(time.Minute, "the deleted interview's candidate is in another one", func() bool { return deleted.Interview() != gone })
	p.talking(p.each(), 2)
	for i, c := range p.candidates {
		for _, call := range c.Calls() {
			if c != deleted && len(call.Absences) > 0 {
				t.Errorf("candidate %d lost the connection", i+1)
			}
		}
	}
	rec, err := h.ledger(ctx).Record(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	if len(rec.Quarantined) != 1 || rec.Quarantined[0].Kind != interview.KindSegmentFinal {
		t.Errorf("in quarantine: %+v", rec.Quarantined)
	}
	deleted.Forget(gone)
	found := p.verify()
	h.figure("one poisoned row and one deleted interview among %d calls: %s", n, found)
}
