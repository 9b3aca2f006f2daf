package app

import (
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceclient"
	"github.com/vantahire/vantahire/media/voiceproto"
)

// An interview that is in progress for longer than its limit and the slack expires,
// also while its call still runs: the candidate is told by the contract's code.
func TestALateInterviewExpiresAndItsCallEnds(t *testing.T) {
	h := open(t, dataDir(t), map[string]string{"VANTAHIRE_LOCAL_CALLS": "0", "VANTAHIRE_JOBS": "false"})
	defer h.close()
	invitation, err := h.api().Create(t.Context(), "Data Analyst", 15, "implied", []byte(shortPlan))
	if err != nil {
		t.Fatal(err)
	}
	o := voiceclient.NewOptions(h.app.URL()+"/voice/"+string(invitation.Interview), invitation.Token)
	o.Typing = true
	client, err := voiceclient.Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Drop()
	waitFor(t, func() string {
		if status, err := h.api().Status(t.Context(), invitation.Interview); err != nil || status != interview.StatusInProgress {
			return "the interview is " + string(status)
		}
		return ""
	})
	if n, err := h.app.hiring.ExpireOverdue(t.Context()); n != 0 || err != nil {
		t.Fatalf("%d expired within their time: %v", n, err)
	}
	if _, err := h.app.pool.Exec(t.Context(), `UPDATE "Interview" SET "startedAt" = now() - interval '20 minutes 1 second' WHERE id = $1`, string(invitation.Interview)); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if n, err := h.app.hiring.ExpireOverdue(t.Context()); n != 1 || err != nil {
		t.Fatalf("%d expired: %v", n, err)
	}
	await(t, client.Done(), "the end of the call")
	if end := client.Closed(); end.Code != voiceproto.CloseNotActive {
		t.Errorf("the call ended with %d %q", end.Code, end.Reason)
	}
	t.Logf("the call ended after %s", time.Since(began).Round(time.Millisecond))
	if status, err := h.api().Status(t.Context(), invitation.Interview); err != nil || status != interview.StatusExpired {
		t.Errorf("the interview is %s (%v)", status, err)
	}
}
