package store_test

import (
	"context"
	"strings"
	"testing"

	"github.com/vantahire/vantahire/interview"
)

// The reply began in the record; the new owner closes it with what is known to be
// heard; then the old owner's journal tells that it was heard to its end.
func TestALateEndOfAReplyIsALineUnlessItsNewOwnerMadeOne(t *testing.T) {
	t.Parallel()
	for name, heard := range map[string]string{"nothing known to be heard": "", "a beginning known to be heard": "Thank you."} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			l := b.ledger(t)
			old := startCall(t, b, l)
			old.commit(old.begins(2, "Thank you."))
			end := old.ends(2, "Thank you. What of machine 2?") // spilled by the old owner, told to the candidate
			now := old.overtake()
			now.commit(now.event(interview.KindReplyEnded, interview.ReplyEnded{Reply: 2, Heard: heard, Interrupted: true}))
			now.late(end)
			now.settle()
			lines := b.lines(t, now.id)
			if len(lines) != 1 || !strings.Contains(lines[0], "Thank you.") {
				t.Errorf("the reply is in the lines %q, want one", lines)
			}
		})
	}
}

// A claim that waits for the row sees the heartbeat that came meanwhile.
func TestAnOwnerThatBeatsWhileItsClaimerWaitsKeepsItsInterview(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one, two := b.process(t, "one", ""), b.process(t, "two", "")
	c := one.claim(t, b.interview(t))
	one.lapse(t)
	free := b.hold(t, "SELECT 1 FROM interview_owner WHERE interview = $1 FOR UPDATE", c.id)
	claimed := make(chan error, 1)
	go func() {
		_, err := two.Claim(context.Background(), c.id, "two")
		claimed <- err
	}()
	until(t, "the claim waits for the row", func() bool {
		return scan[int](t, b, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()") > 0
	})
	if err := one.Beat(t.Context(), "one"); err != nil {
		t.Fatal(err)
	}
	free()
	elsewhere(t, <-claimed, c.id)
}
