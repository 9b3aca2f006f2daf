package contract

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/vantahire/vantahire/app/apptest"
	"github.com/vantahire/vantahire/media/voiceclient"
	"github.com/vantahire/vantahire/media/voiceproto"
)

// patience bounds what a test waits for on a busy machine.
const patience = time.Minute

// cutWithin is the contract's second (section 6) on a machine that does much else.
const cutWithin = 5 * time.Second

// talking is a candidate in a call who types all the time.
type talking struct {
	*voiceclient.Client

	id, token string
}

// call opens an interview's voice socket and types until it closes.
func call(t *testing.T, h *apptest.House, id, token string) talking {
	t.Helper()
	var once sync.Once
	greeted := make(chan struct{})
	o := voiceclient.NewOptions(h.App.URL()+"/voice/"+id, token)
	o.Typing = true
	o.OnEvent = func(e voiceclient.Event) {
		if _, ok := e.Message.(voiceproto.Response); ok {
			once.Do(func() { close(greeted) })
		}
	}
	c, err := voiceclient.Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Drop)
	select {
	case <-greeted:
	case <-c.Done():
		t.Fatalf("the call ended with %+v", c.Closed())
	case <-time.After(patience):
		t.Fatal("nobody greets")
	}
	go func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-c.Done():
				return
			case <-tick.C:
			}
			if c.Send(voiceproto.Text{Content: fmt.Sprintf("This is line %d of what I have to say.", n)}) != nil {
				return
			}
		}
	}()
	return talking{c, id, token}
}

// written is what the database has of an interview.
func written(h *apptest.House, id string) string {
	h.T.Helper()
	var rows string
	err := h.Pool.QueryRow(h.T.Context(), `SELECT format('%s messages, %s events, %s ends, %s %s',
		(SELECT count(*) FROM "InterviewMessage" WHERE "interviewId" = $1), (SELECT count(*) FROM interview_events WHERE interview = $1),
		(SELECT count(*) FROM interview_end WHERE interview = $1),
		(SELECT status FROM "Interview" WHERE id = $1), (SELECT "completedAt" FROM "Interview" WHERE id = $1))`, id).Scan(&rows)
	if err != nil {
		h.T.Fatal(err)
	}
	return rows
}

// Whatever ends an interview or its link ends the call that runs, in whichever
// process, with the contract's code, and nothing is written afterwards.
func TestWhatEndsAnInterviewEndsItsCall(t *testing.T) {
	t.Parallel()
	holder := apptest.Open(t)
	other := apptest.Beside(t, holder.DatabaseURL, holder.RedisURL)
	recruiter := holder.Recruiter()
	elsewhere := other.Nobody()
	elsewhere.Headers["Cookie"] = "session=" + recruiter.Session
	ends := map[string]struct {
		do     func(by *apptest.Client, on *apptest.House, c talking) apptest.Answer
		code   int
		status string // "" = it is gone
	}{
		"completed by its recruiter": {func(by *apptest.Client, _ *apptest.House, c talking) apptest.Answer {
			return by.Patch("/interviews/"+c.id+"/status", `{"status":"COMPLETED"}`)
		}, voiceproto.CloseNotActive, "COMPLETED"},
		"expired by its recruiter": {func(by *apptest.Client, _ *apptest.House, c talking) apptest.Answer {
			return by.Patch("/interviews/"+c.id+"/status", `{"status":"EXPIRED"}`)
		}, voiceproto.CloseNotActive, "EXPIRED"},
		"completed by its candidate": {func(_ *apptest.Client, on *apptest.House, c talking) apptest.Answer {
			return on.Link(c.token).Post("/interviews/candidate/complete", "")
		}, voiceproto.CloseNotActive, "COMPLETED"},
		"deleted": {func(by *apptest.Client, _ *apptest.House, c talking) apptest.Answer {
			return by.Delete("/interviews/" + c.id)
		}, voiceproto.CloseNotActive, ""},
		"its link revoked": {func(by *apptest.Client, _ *apptest.House, c talking) apptest.Answer {
			return by.Delete("/interviews/" + c.id + "/sessions/" + by.Get("/interviews/"+c.id+"/sessions").Str("0.id"))
		}, voiceproto.CloseRevoked, "IN_PROGRESS"},
		"all links revoked": {func(by *apptest.Client, _ *apptest.House, c talking) apptest.Answer {
			return by.Delete("/interviews/" + c.id + "/sessions")
		}, voiceproto.CloseRevoked, "IN_PROGRESS"},
	}
	var mu sync.Mutex
	after := map[string]string{} // what was written of an interview when its call had closed
	t.Run("ends", func(t *testing.T) {
		for name, end := range ends {
			for place, by := range map[string]struct {
				client *apptest.Client
				house  *apptest.House
			}{"here": {recruiter, holder}, "in another process": {elsewhere, other}} {
				t.Run(name+" "+place, func(t *testing.T) {
					t.Parallel()
					id, token := invited(recruiter, `,"type":"VOICE","consentPolicy":"implied","plan":`+validPlan)
					c := call(t, holder, id, token)
					began := time.Now()
					end.do(by.client, by.house, c).Want(200)
					answered := time.Since(began)
					select {
					case <-c.Done():
					case <-time.After(patience):
						t.Fatal("the call goes on")
					}
					closed := c.Closed()
					took := closed.At.Sub(began)
					t.Logf("answered after %s, closed after %s", answered.Round(time.Millisecond), took.Round(time.Millisecond))
					if closed.Code != end.code || closed.Reason != voiceproto.CloseReason(end.code) {
						t.Errorf("closed with %d %q, want %d", closed.Code, closed.Reason, end.code)
					}
					if took > cutWithin {
						t.Errorf("the call went on for %s", took)
					}
					is := written(holder, id)
					var status *string
					if err := holder.Pool.QueryRow(t.Context(), `SELECT max(status::text) FROM "Interview" WHERE id = $1`, id).Scan(&status); err != nil || (status == nil) != (end.status == "") || status != nil && *status != end.status {
						t.Errorf("afterwards: %s (%v)", is, err)
					}
					if end.status == "" && is != "0 messages, 0 events, 0 ends,  " {
						t.Errorf("left of a deleted interview: %s", is)
					}
					mu.Lock()
					defer mu.Unlock()
					after[id] = is
				})
			}
		}
	})
	holder.Close() // writes whatever it still has
	for id, was := range after {
		if is := written(other, id); is != was {
			t.Errorf("after the close something was written: %s, then %s", was, is)
		}
	}
}
