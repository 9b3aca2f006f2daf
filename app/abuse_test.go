package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/loadtest/candidate"
	"github.com/vantahire/vantahire/media/voiceclient"
	"github.com/vantahire/vantahire/media/voiceproto"
)

// patience bounds what a test waits for on a busy machine.
const patience = time.Minute

// A candidate whose link is revoked in the middle of a call is told so by the
// contract's code (section 6), within a second on a machine with air.
func TestARevokedLinkEndsTheLiveCall(t *testing.T) {
	h := open(t, dataDir(t), map[string]string{"VANTAHIRE_LOCAL_CALLS": "0"})
	defer h.close()
	invitation, err := h.api().Create(t.Context(), "Data Analyst", 15, "implied", []byte(shortPlan))
	if err != nil {
		t.Fatal(err)
	}
	var (
		mu     sync.Mutex
		events []voiceclient.Event
	)
	greeted := make(chan struct{})
	o := voiceclient.NewOptions(h.app.URL()+"/voice/"+string(invitation.Interview), invitation.Token)
	o.Typing = true
	o.OnEvent = func(e voiceclient.Event) {
		mu.Lock()
		defer mu.Unlock()
		if _, ok := e.Message.(voiceproto.Response); ok && len(events) > 0 {
			select {
			case <-greeted:
			default:
				close(greeted)
			}
		}
		events = append(events, e)
	}
	client, err := voiceclient.Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Drop()
	await(t, greeted, "the greeting")

	at := time.Now()
	tag, err := h.app.pool.Exec(t.Context(), `UPDATE "InterviewSession" SET "revokedAt" = now() WHERE "interviewId" = $1`, string(invitation.Interview))
	if err != nil || tag.RowsAffected() != 1 {
		t.Fatalf("revoke: %v, %d rows", err, tag.RowsAffected())
	}
	revoked := time.Since(at)
	await(t, client.Done(), "the end of the call")
	end := client.Closed()
	if end.Code != voiceproto.CloseRevoked || end.Reason != voiceproto.CloseReason(voiceproto.CloseRevoked) {
		t.Errorf("the call ended with %d %q", end.Code, end.Reason)
	}
	t.Logf("the call ended %s after the revocation, which took %s", end.At.Sub(at).Round(time.Millisecond), revoked.Round(time.Millisecond))
	mu.Lock()
	defer mu.Unlock()
	if events[len(events)-1].Kind != voiceclient.EventClosed {
		t.Errorf("after the close came %+v", events[len(events)-1])
	}
	for _, e := range events {
		if m, ok := e.Message.(voiceproto.Ended); ok {
			t.Errorf("a revoked call was told that the interview is completed: %+v", m)
		}
	}
	_, err = voiceclient.Dial(t.Context(), o)
	var refused *voiceclient.DialError
	if !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized {
		t.Errorf("the revoked link was answered with %v, want 401", err)
	}
	if status, err := h.api().Status(t.Context(), invitation.Interview); err != nil || status == interview.StatusCompleted {
		t.Errorf("the interview is %s (%v)", status, err)
	}
}

func await(t *testing.T, done <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("waited for %s in vain", what)
	}
}

// attacker is a client with no manners.
type attacker struct {
	ws *websocket.Conn
}

func (h *house) attack(to candidate.Invitation) (*attacker, error) {
	url := "ws" + strings.TrimPrefix(h.app.URL(), "http") + "/voice/" + string(to.Interview) + "?typing=1&token=" + to.Token
	ws, res, err := websocket.DefaultDialer.DialContext(h.t.Context(), url, nil)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	_ = res.Body.Close()
	_ = ws.SetReadDeadline(time.Now().Add(patience))
	ws.SetPingHandler(func(data string) error { // a pong nobody takes any more must not hide the close frame behind it
		_ = ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(time.Second))
		return nil
	})
	return &attacker{ws: ws}, nil
}

// send sends a message n times, or until the server has had enough.
func (a *attacker) send(kind int, payload []byte, n int) {
	for range n {
		if a.ws.WriteMessage(kind, payload) != nil {
			return
		}
	}
}

// pong reads until the server answers a ping: it still listens to us.
func (a *attacker) pong() error {
	if err := a.ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"ping"}`)); err != nil {
		return err
	}
	for {
		_, raw, err := a.ws.ReadMessage()
		if err != nil {
			return fmt.Errorf("no pong: %w", err)
		}
		if bytes.Contains(raw, []byte(`"pong"`)) {
			return a.ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
		}
	}
}

// closedWith attacks and reads until the server closes with the code.
func (a *attacker) closedWith(code int, attack func()) error {
	attacked := make(chan struct{})
	go func() {
		defer close(attacked)
		attack()
	}()
	defer func() {
		_ = a.ws.Close()
		<-attacked
	}()
	for {
		_, _, err := a.ws.ReadMessage()
		if err == nil {
			continue
		}
		if !websocket.IsCloseError(err, code) {
			return fmt.Errorf("the end was %w, want %d", err, code)
		}
		return nil
	}
}

// cutOff goes on sending without ever reading, until the server cuts the
// connection.
func (a *attacker) cutOff() error {
	for deadline := time.Now().Add(2 * patience); time.Now().Before(deadline); time.Sleep(250 * time.Millisecond) { //nolint:forbidigo // a real connection
		if a.ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"ping"}`)) != nil {
			return nil //nolint:nilerr // to be cut off is what is wanted
		}
	}
	return errors.New("it was served for ever")
}

// What one client does to its own call is nothing to the others.
func TestOtherCallsFeelNothingOfAnAttack(t *testing.T) {
	h := open(t, dataDir(t), map[string]string{"VANTAHIRE_LOCAL_CALLS": "0"})
	t.Cleanup(h.close)
	// Of a type that is ignored: as answers, they would bring that interview to its end.
	long := []byte(`{"type":"note","content":"` + strings.Repeat("x", voiceproto.MaxText) + `"}`)
	attacks := map[string]func(a *attacker) error{
		"bytes that are no audio": func(a *attacker) error {
			a.send(websocket.BinaryMessage, bytes.Repeat([]byte("PK\x03\x04<html>"), 64), 20)
			return a.pong()
		},
		"audio of odd length": func(a *attacker) error {
			a.send(websocket.BinaryMessage, make([]byte, 641), 20)
			a.send(websocket.BinaryMessage, []byte{1}, 20)
			return a.pong()
		},
		"JSON garbage": func(a *attacker) error {
			for _, text := range []string{"{", "[]", `{"type":[]}`, `{"type":"played","reply":-1,"ms":1e300}`, "\xff\xfe\x00", strings.Repeat(`{"a":`, 5000)} {
				a.send(websocket.TextMessage, []byte(text), 3)
			}
			return a.pong()
		},
		"a giant frame": func(a *attacker) error {
			return a.closedWith(voiceproto.CloseTooBig, func() { a.send(websocket.BinaryMessage, make([]byte, 1<<20), 1) })
		},
		"a giant that is only announced": func(a *attacker) error {
			return a.closedWith(voiceproto.CloseTooBig, func() {
				_, _ = a.ws.NetConn().Write([]byte{0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4})
			})
		},
		"a flood of audio": func(a *attacker) error {
			return a.closedWith(voiceproto.CloseFlood, func() { a.send(websocket.BinaryMessage, make([]byte, 60<<10), 200) })
		},
		"a flood of messages": func(a *attacker) error {
			return a.closedWith(voiceproto.CloseFlood, func() { a.send(websocket.TextMessage, []byte(`{"type":"finish_speaking"}`), 300) })
		},
		"a flood of text": func(a *attacker) error {
			return a.closedWith(voiceproto.CloseFlood, func() { a.send(websocket.TextMessage, long, 60) })
		},
		"a client that never reads": func(a *attacker) error { return a.cutOff() },
	}
	victims := map[string]candidate.Invitation{}
	for name := range attacks {
		invitation, err := h.api().Create(t.Context(), "Attacker", 15, "implied", []byte(shortPlan))
		if err != nil {
			t.Fatal(err)
		}
		victims[name] = invitation
	}
	healthy, err := h.api().Create(t.Context(), "Data Analyst", 15, "implied", []byte(shortPlan))
	if err != nil {
		t.Fatal(err)
	}

	over := make(chan struct{}) // the healthy call
	began := make(chan string, len(attacks))
	var attackers sync.WaitGroup
	for name, attack := range attacks {
		attackers.Go(func() {
			rounds := 0
			for {
				a, err := h.attack(victims[name])
				if rounds == 0 {
					began <- name
				}
				var slow net.Error
				if err == nil {
					err = attack(a)
					_ = a.ws.Close()
				}
				rounds++
				if err != nil {
					t.Errorf("%s, round %d: %v (timeout %t)", name, rounds, err, errors.As(err, &slow) && slow.Timeout())
					return
				}
				select {
				case <-over:
					t.Logf("%s: %d rounds", name, rounds)
					return
				case <-time.After(50 * time.Millisecond):
				}
			}
		})
	}
	for range attacks {
		<-began
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	report, err := candidate.Run(ctx, candidate.Options{API: h.api(), Invitation: healthy, Answers: []candidate.Answer{
		{Text: "I look at sales numbers and write reports for the shops."},
		{Text: "I made a slow report fast by adding an index to one table."},
		{Text: "I write a small test for every report before I change it."},
	}})
	close(over)
	if err != nil {
		t.Errorf("the healthy call: %v", err)
	}
	for _, problem := range report.Problems {
		t.Errorf("the healthy call: %s", problem)
	}
	if status, err := h.api().Status(ctx, healthy.Interview); err != nil || status != interview.StatusCompleted {
		t.Errorf("the healthy interview is %s (%v)", status, err)
	}
	attackers.Wait()
	for name, victim := range victims {
		if _, err := h.api().Transcript(t.Context(), victim.Interview); err != nil {
			t.Errorf("after %s: %v", name, err)
		}
	}
}
