package chat

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/simulated"
	"github.com/vantahire/vantahire/providers/simulated/groq"
)

// short are deadlines a test can wait for.
func short() Options {
	return Options{FirstToken: 200 * time.Millisecond, Idle: 200 * time.Millisecond}
}

func TestDeadlinesWatchUsefulProgress(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault groq.Fault
		spoke bool
		opt   Options
	}{
		"no answer at all":                  {groq.Fault{Mute: true}, false, short()},
		"a header and then silence":         {groq.Fault{Silent: true}, false, short()},
		"a role and no word":                {groq.Fault{Break: groq.Stall}, false, short()},
		"silence in the middle":             {groq.Fault{After: 3, Break: groq.Stall}, true, Options{Idle: 200 * time.Millisecond}},
		"longer than a reply may take":      {groq.Fault{After: 3, Break: groq.Stall}, true, Options{Total: 3 * time.Second}},
		"a first word that is far too late": {groq.Fault{Slow: time.Hour}, false, short()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, server := setup(t, quick(), tc.opt)
			server.Faults.Always(tc.fault)
			text, _, err := hear(t, c, conversation())
			known := failure(t, err)
			var broken *BrokenOff
			if !known.Retry || !errors.Is(err, providers.ErrNoProgress) || errors.As(err, &broken) != tc.spoke || (text != "") != tc.spoke {
				t.Errorf("%q, then %v", text, err)
			}
			if st := c.Stats(); st.Stalled != 1 || st.Failed != 1 || st.Live != 0 {
				t.Errorf("the counters are %+v", st)
			}
		})
	}
	t.Run("silence after the last word is no failure", func(t *testing.T) {
		t.Parallel()
		c, server := setup(t, quick(), Options{})
		c.tail = tailWithin
		server.Faults.Always(groq.Fault{Linger: true})
		text, _, err := hear(t, c, conversation())
		whole(t, text, err)
	})
	t.Run("the end cut off after the last word is no failure", func(t *testing.T) {
		t.Parallel()
		c, server := setup(t, quick(), Options{})
		server.Faults.Always(groq.Fault{NoDone: true})
		text, usage, err := hear(t, c, conversation())
		whole(t, text, err)
		if usage.Estimated {
			t.Error("the usage came before the cut")
		}
	})
	for name, fault := range map[string]groq.Fault{
		"cut in the middle": {After: 3, Break: groq.Drop}, "cut before the finish_reason": {Abrupt: true}, "an end in the middle": {After: 3, Break: groq.EndEarly},
		"garbage in the middle": {After: 3, Break: groq.Garbage},
	} {
		t.Run(name+" is a failure that may be tried again", func(t *testing.T) {
			t.Parallel()
			c, server := setup(t, quick(), Options{})
			server.Faults.Always(fault)
			text, usage, err := hear(t, c, conversation())
			var broken *BrokenOff
			if known := failure(t, err); !known.Retry || !errors.As(err, &broken) || broken.Delivered != len(text) {
				t.Errorf("%q, then %v", text, err)
			}
			if !usage.Estimated || usage.Completion == 0 {
				t.Errorf("the usage is %+v", usage)
			}
		})
	}
}

// comments never ends and says nothing.
type comments struct{ ctx context.Context }

func (c comments) Read(p []byte) (int, error) {
	select {
	case <-c.ctx.Done():
		return 0, c.ctx.Err()
	case <-time.After(time.Second):
		return copy(p, ": keepalive\n\n"), nil
	}
}

func (c comments) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(comments{r.Context()}), Request: r}, nil
}

func TestKeepalivesAreNoProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := New(Groq(testKey), Options{Transport: comments{}})
		began := time.Now()
		_, _, err := hear(t, c, conversation())
		if !errors.Is(err, providers.ErrNoProgress) || time.Since(began) != 6*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}

var errBargeIn = errors.New("barge-in")

func TestTheCallerEndsAReply(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault groq.Fault
		first bool // a word comes before
	}{
		"before any answer":     {groq.Fault{Mute: true}, false},
		"before the first word": {groq.Fault{Silent: true}, false},
		"in the middle":         {groq.Fault{After: 2, Break: groq.Stall}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, server := setup(t, quick(), Options{})
			server.Faults.Always(tc.fault)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			if !tc.first {
				go func() {
					until(t, "the request came", func() bool { return server.Faults.Taken() == 1 })
					cancel(errBargeIn)
				}()
			}
			s, err := c.Reply(ctx, conversation())
			if err == nil {
				defer func() { _ = s.Close() }()
				if tc.first {
					if text, err := s.Recv(t.Context()); text == "" || err != nil {
						t.Errorf("%q, %v", text, err)
					}
					cancel(errBargeIn)
				}
				_, err = s.Recv(t.Context())
				if _, again := s.Recv(t.Context()); !errors.Is(again, errBargeIn) {
					t.Errorf("asked again it says %v", again)
				}
				if usage := s.(providers.Metered).Usage(); !usage.Estimated || usage.Prompt == 0 || tc.first != (usage.Completion > 0) {
					t.Errorf("the usage is %+v", usage)
				}
			}
			if !errors.Is(err, errBargeIn) {
				t.Errorf("it ends with %v", err)
			}
			var known *providers.Error
			if errors.As(err, &known) {
				t.Error("the provider is blamed")
			}
			until(t, "the reply is given up", func() bool { st := c.Stats(); return st.Cancelled == 1 && st.Live == 0 && st.Failed == 0 })
			until(t, "the server knows", func() bool { return server.Journal.Count("cancelled") == 1 })
		})
	}
	t.Run("nothing is asked once it has ended", func(t *testing.T) {
		t.Parallel()
		c, server := setup(t, quick(), Options{})
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errBargeIn)
		if _, err := c.Reply(ctx, conversation()); !errors.Is(err, errBargeIn) || server.Faults.Taken() != 0 {
			t.Errorf("%v after %d requests", err, server.Faults.Taken())
		}
	})
}

func TestClose(t *testing.T) {
	t.Parallel()
	c, server := setup(t, quick(), Options{})
	server.Faults.Always(groq.Fault{After: 2, Break: groq.Stall})
	s, err := c.Reply(t.Context(), conversation())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Recv(t.Context()); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() {
		for {
			if _, err := s.Recv(context.Background()); err != nil {
				ended <- err
				return
			}
		}
	}()
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() { _ = s.Close() })
	}
	all.Wait()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Recv ended with %v", err)
	}
	if u := s.(providers.Metered).Usage(); !u.Estimated || u.Prompt == 0 {
		t.Errorf("the usage is %+v", u)
	}
}

func TestRecvEndsWithItsOwnContext(t *testing.T) {
	t.Parallel()
	c, server := setup(t, quick(), Options{})
	server.Faults.Always(groq.Fault{Silent: true})
	s, err := c.Reply(t.Context(), conversation())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errBargeIn)
	if _, err := s.Recv(ctx); !errors.Is(err, errBargeIn) {
		t.Errorf("it ends with %v", err)
	}
}

func TestTooManyRepliesAtOnce(t *testing.T) {
	t.Parallel()
	c, server := setup(t, quick(), Options{Live: 2})
	server.Faults.Always(groq.Fault{Silent: true})
	for range 2 {
		s, err := c.Reply(t.Context(), conversation())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
	}
	_, err := c.Reply(t.Context(), conversation())
	if known := failure(t, err); !known.Retry || !errors.Is(err, providers.ErrBusy) || c.Stats().Busy != 1 {
		t.Errorf("the error is %v", err)
	}
}

func TestManyRepliesAtOnceShareConnections(t *testing.T) {
	t.Parallel()
	cfg := quick()
	cfg.FirstToken, cfg.PerToken, cfg.Thoughts = simulated.Delay{P50: 5 * time.Millisecond}, simulated.Delay{P50: 200 * time.Microsecond}, true
	c, server := setup(t, cfg, Options{})
	var all sync.WaitGroup
	for range 150 {
		all.Go(func() {
			for range 2 {
				if text, _, err := hear(t, c, conversation()); err != nil || text == "" {
					t.Errorf("%q, %v", text, err)
				}
			}
		})
	}
	all.Wait()
	if n := server.Journal.Count("completion"); n != 300 {
		t.Errorf("%d completions", n)
	}
	if st := c.Stats(); st.Replies != 300 || st.Live != 0 || st.Failed != 0 {
		t.Errorf("the counters are %+v", st)
	}
}
