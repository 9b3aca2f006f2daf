package outage

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/vantahire/vantahire/loadtest/candidate"
)

// load is what a server holds.
type load struct {
	goroutines, memory float64
	connections        int
	children           int
}

func (h *house) load(s *Server) load {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var (
		l   load
		err error
	)
	if l.goroutines, err = s.Metric(ctx, "go_goroutines"); err != nil {
		h.t.Fatal(err)
	}
	if l.memory, err = s.Metric(ctx, "process_resident_memory_bytes"); err != nil {
		h.t.Fatal(err)
	}
	conn := h.connect(ctx)
	defer func() { _ = conn.Close(ctx) }()
	if err := conn.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'vantahire%'").Scan(&l.connections); err != nil {
		h.t.Fatal(err)
	}
	pids, err := children(s.Pid())
	if err != nil {
		h.t.Fatal(err)
	}
	l.children = len(pids)
	return l
}

// Calls come and go, and nothing is left of them.
func TestCallsThatAreOverLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	h := open(t, nil)
	s := h.serve(nil)
	api := candidate.API{Server: s.URL, Key: h.env["VANTAHIRE_DEV_KEY"]}
	churners := max(8, *churn/25) // at once
	round := func(n int) {
		var wg sync.WaitGroup
		next := make(chan int)
		for range churners {
			wg.Go(func() {
				for range next {
					invitation, err := api.Create(t.Context(), "Software Engineer", 15, "implied", Plan())
					if err != nil {
						t.Error(err)
						continue
					}
					report, err := candidate.Run(t.Context(), candidate.Options{API: api, Invitation: invitation, Answers: []candidate.Answer{{Text: "I build software for banks."}}})
					if err != nil || len(report.Problems) > 0 {
						t.Errorf("%v %v", err, report.Problems)
					}
				}
			})
		}
		for i := range n {
			next <- i
		}
		close(next)
		wg.Wait()
	}
	round(churners) // pools and caches are warm
	h.settled(s)
	before := h.load(s)
	round(*churn)
	h.settled(s)
	var after load
	h.until(time.Minute, "goroutines and processes are back where they were", func() bool {
		after = h.load(s)
		return after.goroutines <= before.goroutines+10 && after.children <= before.children
	})
	h.figure("%d calls came and went: goroutines %.0f, then %.0f; resident %.1f MB, then %.1f MB; database connections %d, then %d; child processes %d, then %d",
		*churn, before.goroutines, after.goroutines, before.memory/1e6, after.memory/1e6, before.connections, after.connections, before.children, after.children)
	if after.connections > before.connections+2 {
		t.Errorf("%d database connections, then %d", before.connections, after.connections)
	}
	const slack = 1.25 // the heap of a small process breathes
	if after.memory > before.memory*slack+20e6 {
		t.Errorf("%.1f MB resident, then %.1f MB", before.memory/1e6, after.memory/1e6)
	}
}

// settled waits until no call is live.
func (h *house) settled(s *Server) {
	h.t.Helper()
	h.until(time.Minute, "no call is live", func() bool {
		live, err := s.Metric(h.t.Context(), "vantahire_calls_live")
		return err == nil && live == 0
	})
}
