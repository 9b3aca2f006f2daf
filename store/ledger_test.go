package store

import (
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
)

// The interviews every test's database has, with the ids of contract section 10.1.
const (
	textInterview  interview.ID = "00000000-0000-4000-8000-000000000031"
	voiceInterview interview.ID = "00000000-0000-4000-8000-000000000032"
)

func event(t *testing.T, id interview.ID, fence interview.Fence, seq interview.Seq, kind interview.EventKind, payload any) interview.Event {
	t.Helper()
	e, err := interview.NewEvent(id, seq, fence, kind, time.Now(), time.Duration(seq)*time.Second, payload)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestEventsBecomeLinesOnceAndInOrder(t *testing.T) {
	t.Parallel()
	p := pool(t)
	l := ledgerOf(t, p)
	claim, err := l.Claim(t.Context(), voiceInterview, "a")
	if err != nil || claim.LastSeq != 0 || claim.Fence == 0 {
		t.Fatalf("claim: %+v %v", claim, err)
	}
	batch := []interview.Event{
		event(t, voiceInterview, claim.Fence, 1, interview.KindStarted, interview.Started{Mode: interview.ModeVoice}),
		event(t, voiceInterview, claim.Fence, 2, interview.KindReplyEnded, interview.ReplyEnded{Reply: 1, Heard: "Hello."}),
		event(t, voiceInterview, claim.Fence, 3, interview.KindTurnCommitted, interview.TurnCommitted{Turn: 1, Text: "Hi, I am \"Anna\"; drop table."}),
		event(t, voiceInterview, claim.Fence, 4, interview.KindReplyEnded, interview.ReplyEnded{Reply: 2, Turn: 1, Heard: "", Interrupted: true}),
		event(t, voiceInterview, claim.Fence, 5, interview.KindReplyEnded, interview.ReplyEnded{Reply: 3, Turn: 1, Heard: "Tell me", Interrupted: true}),
	}
	for range 2 { // a batch that is tried again stores nothing twice
		if err := l.Commit(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	lines, err := NewInterviews(p).Messages(t.Context(), voiceInterview)
	if err != nil || len(lines) != 3 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	for i, want := range []struct {
		role interview.Role
		text string
	}{{interview.RoleAssistant, "Hello."}, {interview.RoleUser, "Hi, I am \"Anna\"; drop table."}, {interview.RoleAssistant, "Tell me"}} {
		if lines[i].Role != want.role || lines[i].Content != want.text {
			t.Errorf("line %d is %s %q", i+1, lines[i].Role, lines[i].Content)
		}
	}
	if lines[2].Interrupted == nil || !*lines[2].Interrupted {
		t.Error("the cut line is not marked")
	}
	again, err := l.Claim(t.Context(), voiceInterview, "a")
	if err != nil || again.LastSeq != 5 || len(again.Events) != 5 || again.Fence <= claim.Fence {
		t.Fatalf("second claim: last %d, %d events, fence %d after %d (%v)", again.LastSeq, len(again.Events), again.Fence, claim.Fence, err)
	}
	for i, e := range again.Events {
		if e.Seq != interview.Seq(i+1) || e.Kind != batch[i].Kind || e.Clock != batch[i].Clock {
			t.Errorf("event %d came back as %+v", i+1, e)
		}
	}
}

func TestAStaleFenceIsRefusedAndOthersAreStored(t *testing.T) {
	t.Parallel()
	p := pool(t)
	l := ledgerOf(t, p)
	old, err := l.Claim(t.Context(), voiceInterview, "a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Claim(t.Context(), voiceInterview, "b"); err != nil {
		t.Fatal(err)
	}
	other, err := l.Claim(t.Context(), textInterview, "a")
	if err != nil {
		t.Fatal(err)
	}
	err = l.Commit(t.Context(), []interview.Event{
		event(t, voiceInterview, old.Fence, 1, interview.KindTurnCommitted, interview.TurnCommitted{Turn: 1, Text: "stale"}),
		event(t, textInterview, other.Fence, 1, interview.KindTurnCommitted, interview.TurnCommitted{Turn: 1, Text: "fresh"}),
	})
	var stale *interview.StaleFenceError
	if !errors.As(err, &stale) || len(stale.Interviews) != 1 || stale.Interviews[0] != voiceInterview {
		t.Fatalf("commit: %v", err)
	}
	for id, want := range map[interview.ID]int{voiceInterview: 0, textInterview: 1} {
		if lines, err := NewInterviews(p).Messages(t.Context(), id); err != nil || len(lines) != want {
			t.Errorf("%s has %d lines, want %d (%v)", id, len(lines), want, err)
		}
	}
}

func TestManyWritersLoseNothing(t *testing.T) {
	t.Parallel()
	p := pool(t)
	l := ledgerOf(t, p)
	claim, err := l.Claim(t.Context(), voiceInterview, "a")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 25 {
				seq := interview.Seq(4*i + w + 1)
				if err := l.Commit(t.Context(), []interview.Event{event(t, voiceInterview, claim.Fence, seq, interview.KindTurnCommitted, interview.TurnCommitted{Turn: interview.TurnNo(seq), Text: "x"})}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	lines, err := NewInterviews(p).Messages(t.Context(), voiceInterview)
	if err != nil || len(lines) != 100 {
		t.Fatalf("%d lines (%v)", len(lines), err)
	}
	for i, line := range lines {
		if *line.Seq != interview.Seq(i+1) {
			t.Fatalf("line %d has seq %d", i+1, *line.Seq)
		}
	}
}

func TestClaimingWhatIsNotThereFails(t *testing.T) {
	t.Parallel()
	l := ledgerOf(t, pool(t))
	if _, err := l.Claim(t.Context(), "00000000-0000-4000-8000-00000000ffff", "a"); err == nil {
		t.Error("an interview that does not exist was claimed")
	}
}

// BenchmarkLedger compares group commit with one bare commit for each event.
func BenchmarkLedger(b *testing.B) {
	for name, size := range map[string]int{"bare": 1, "batch 100": 100} {
		b.Run(name, func(b *testing.B) {
			ctx := b.Context()
			if err := func() error {
				p, err := OpenPool(ctx, server.URL())
				if err != nil {
					return err
				}
				defer p.Close()
				if err := SeedDevelopment(ctx, p); err != nil {
					return err
				}
				row, link := newInterview(string(voiceInterview))
				if err := NewInterviews(p).Create(ctx, row, link); !errors.Is(err, hiring.ErrConflict) {
					return err
				}
				return nil
			}(); err != nil {
				b.Fatal(err)
			}
			l, err := OpenLedger(ctx, server.URL(), slog.New(slog.DiscardHandler))
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			claim, err := l.Claim(ctx, voiceInterview, "bench")
			if err != nil {
				b.Fatal(err)
			}
			seq := claim.LastSeq
			b.ReportAllocs()
			for b.Loop() {
				batch := make([]interview.Event, size)
				for i := range batch {
					seq++
					batch[i], _ = interview.NewEvent(voiceInterview, seq, claim.Fence, interview.KindSegmentFinal, time.Now(), 0, interview.SegmentFinal{Text: "about two hundred bytes of text as people say it"})
				}
				if err := l.Commit(ctx, batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
