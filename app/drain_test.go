package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/loadtest/candidate"
)

// drainee is live interviews that end when the test says so.
type drainee struct {
	closed atomic.Bool
	idle   chan struct{}
}

func (d *drainee) Drain() { d.closed.Store(true) }

func (d *drainee) Idle() <-chan struct{} { return d.idle }

func (d *drainee) Live() []interview.ID {
	select {
	case <-d.idle:
		return nil
	default:
		return []interview.ID{"one", "two"}
	}
}

func TestADrainLastsAsLongAsAnythingIsLive(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		idleAfter, stopAfter, limit time.Duration // below 0: at once, or never
		took                        time.Duration
		left                        int
	}{
		"nothing is live":                     {-1, -1, time.Hour, 0, 0},
		"the last call ends":                  {7 * time.Second, -1, time.Hour, 7 * time.Second, 0},
		"the calls outlive the limit":         {time.Hour, -1, 15 * time.Second, 15 * time.Second, 2},
		"there is no time for any":            {time.Hour, -1, 0, 0, 2},
		"a second signal comes":               {time.Hour, 3 * time.Second, 15 * time.Second, 3 * time.Second, 2},
		"nothing is live, and no time at all": {-1, -1, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := &App{log: slog.New(slog.DiscardHandler)}
				a.cfg.Server.DrainTimeout = c.limit
				d := &drainee{idle: make(chan struct{})}
				if c.idleAfter < 0 {
					close(d.idle)
				} else {
					time.AfterFunc(c.idleAfter, func() { close(d.idle) })
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if c.stopAfter > 0 {
					time.AfterFunc(c.stopAfter, cancel)
				}
				began := time.Now()
				left := a.drain(ctx, d)
				if took := time.Since(began); took != c.took || left != c.left || !d.closed.Load() {
					t.Errorf("it took %s with %d left (new ones refused: %t), want %s with %d", took, left, d.closed.Load(), c.took, c.left)
				}
			})
		})
	}
}

func TestNoPartOfAStopTakesTheTimeOfThoseAfterIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &App{log: slog.New(slog.DiscardHandler)}
		flushed := errors.New("the last part never had its turn")
		a.onClose("database", func(ctx context.Context) error {
			flushed = ctx.Err()
			return nil
		})
		for range 3 {
			a.onClose("a part that hangs", func(ctx context.Context) error {
				<-ctx.Done()
				return ctx.Err()
			})
		}
		ctx, cancel := context.WithTimeout(t.Context(), 16*time.Second)
		defer cancel()
		err := a.Close(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "a part that hangs") {
			t.Errorf("the stop says %v", err)
		}
		if flushed != nil || ctx.Err() != nil {
			t.Errorf("the last part's time: %v; the stop's: %v", flushed, ctx.Err())
		}
	})
}

// The server is told to stop in the middle of an interview, whose candidate loses
// the network, comes back and ends it.
func TestADrainWaitsForTheLastCandidate(t *testing.T) {
	h := open(t, dataDir(t), map[string]string{"VANTAHIRE_LOCAL_CALLS": "0", "VANTAHIRE_DRAIN_TIMEOUT": "1h"})
	defer h.close()
	invite := func() candidate.Invitation {
		i, err := h.api().Create(t.Context(), "Data Analyst", 15, "implied", []byte(shortPlan))
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	live, stranger := invite(), invite()
	ws, status := knock(t, h, live)
	if ws == nil {
		t.Fatalf("refused with %d", status)
	}
	if body := get(t, h.app.URL()+"/ready"); body != `{"status":"ready"}` {
		t.Errorf("before the drain: %s", body)
	}
	drained := make(chan int, 1)
	go func() { drained <- h.app.Drain(t.Context()) }()
	waitFor(t, func() string {
		if body := get(t, h.app.URL()+"/ready"); body != `{"status":"not ready","reasons":["stopping"]}` {
			return "it says " + body
		}
		return ""
	})
	waitFor(t, func() string { // readiness goes a moment before
		if refused, status := knock(t, h, stranger); refused != nil || status != http.StatusServiceUnavailable {
			return "a new interview is let in"
		}
		return ""
	})
	_ = ws.Close()
	again, status := knock(t, h, live)
	if again == nil {
		t.Fatalf("the candidate of the live interview is refused with %d", status)
	}
	select {
	case left := <-drained:
		t.Fatalf("the drain is over with %d left while a candidate is there", left)
	default:
	}
	if err := again.WriteMessage(websocket.TextMessage, []byte(`{"type":"end"}`)); err != nil {
		t.Fatal(err)
	}
	if left := <-drained; left != 0 || h.app.Live() != 0 {
		t.Errorf("%d interviews are left, %d live", left, h.app.Live())
	}
	waitFor(t, func() string { // what ended is completed before anything is closed
		if status, err := h.api().Status(t.Context(), live.Interview); err != nil || status != interview.StatusCompleted {
			return "the interview is " + string(status)
		}
		return ""
	})
}

// knock opens a typing candidate's connection and waits until it is in; status is
// what came instead of an upgrade.
func knock(t *testing.T, h *house, i candidate.Invitation) (ws *websocket.Conn, status int) {
	t.Helper()
	url := "ws" + strings.TrimPrefix(h.app.URL(), "http") + "/voice/" + string(i.Interview) + "?typing=1&token=" + i.Token
	ws, res, err := websocket.DefaultDialer.DialContext(t.Context(), url, nil)
	if res != nil {
		status = res.StatusCode
		_ = res.Body.Close()
	}
	if err != nil {
		return nil, status
	}
	t.Cleanup(func() { _ = ws.Close() })
	_ = ws.SetReadDeadline(time.Now().Add(time.Minute))
	for {
		_, raw, err := ws.ReadMessage()
		if err != nil {
			t.Fatalf("waiting to be let in: %v", err)
		}
		if strings.Contains(string(raw), `"ready"`) {
			return ws, status
		}
	}
}
