package actors

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceproto"
)

func TestAnInterviewThatAnotherProcessOwnsIsRefusedForNow(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.ledger.other = true
		var elsewhere *interview.OwnedElsewhereError
		if err := s.calls.Admits(s.t.Context(), s.id); !errors.As(err, &elsewhere) || elsewhere.RetryAfter != time.Second {
			t.Errorf("it is admitted with %v", err)
		}
		s.connect(false)
		if got := s.device.closeCode(); got != voiceproto.CloseTryAgain {
			t.Errorf("closed with %d", got)
		}
		s.ledger.other = false
		if err := s.calls.Admits(s.t.Context(), s.id); err != nil {
			t.Errorf("refused with %v", err)
		}
		s.connect(false)
		s.untilQuiet()
	})
}

func TestAnOwnerThatWasOvertakenLeavesItsCandidateAndWritesNothing(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		before := len(s.ledger.kinds(s.id))
		s.ledger.fences[s.id]++
		s.wait(2 * tickEvery)
		if got := s.device.closeCode(); got != voiceproto.CloseTryAgain {
			t.Errorf("closed with %d", got)
		}
		if after := len(s.ledger.kinds(s.id)); after != before {
			t.Errorf("%d events were written by the old owner", after-before)
		}
		if s.calls.IsLive(s.id) {
			t.Error("the interview is still live here")
		}
	})
}

// An interview that was deleted can't be written either, but nobody else has it: its
// candidate is not to come back.
func TestADeletedInterviewIsNotToBeTriedAgain(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.ledger.fences[s.id]++
		s.lifecycle.mu.Lock()
		s.lifecycle.refuse = ErrNotActive
		s.lifecycle.mu.Unlock()
		s.wait(2 * tickEvery)
		if got := s.device.closeCode(); got != voiceproto.CloseNotActive {
			t.Errorf("closed with %d", got)
		}
		if s.calls.IsLive(s.id) {
			t.Error("the interview is still live here")
		}
	})
}

func TestAnEventInQuarantineIsNotCalledSettledAndTheCallGoesOn(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.ledger.poison = interview.KindSegmentFinal
		s.speak("Half a surrogate is in here.", 2*time.Second)
		s.untilQuiet()
		for _, m := range got[voiceproto.Transcript](s.device) {
			if m.IsFinal {
				t.Errorf("%q was called final", m.Text)
			}
		}
		s.ledger.poison = ""
		s.speak("This one is clean again.", 2*time.Second)
		s.untilQuiet()
		if n := len(got[voiceproto.Response](s.device)); n != 3 {
			t.Errorf("%d replies were given", n)
		}
	})
}

func TestAnInterviewThatNobodyCameBackToIsConcluded(t *testing.T) {
	t.Parallel()
	t.Run("its record is closed", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			s.connect(false)
			s.untilQuiet()
			s.crash()
			if err := s.calls.Conclude(s.info()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Second)
			synctest.Wait()
			kinds := s.ledger.kinds(s.id)
			if kinds[len(kinds)-1] != interview.KindEnded || s.calls.IsLive(s.id) {
				t.Errorf("live %t, events: %v", s.calls.IsLive(s.id), kinds)
			}
			if got := s.lifecycle.reasons(); !slices.Equal(got, []interview.EndReason{interview.EndGone}) {
				t.Errorf("ended: %v", got)
			}
		})
	})
	t.Run("one that is live is left alone", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			s.connect(false)
			s.untilQuiet()
			if err := s.calls.Conclude(s.info()); err != nil {
				t.Fatal(err)
			}
			s.speak("I am still here and I talk.", 2*time.Second)
			s.untilQuiet()
			if len(s.lifecycle.reasons()) != 0 {
				t.Errorf("ended: %v", s.lifecycle.reasons())
			}
		})
	})
	t.Run("one that never began stays fresh", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			if err := s.calls.Conclude(s.info()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Second)
			synctest.Wait()
			if n := len(s.ledger.kinds(s.id)); n != 0 || len(s.lifecycle.reasons()) != 0 {
				t.Errorf("%d events, ended %v", n, s.lifecycle.reasons())
			}
		})
	})
}

func TestAClaimWaitsForWhatAnEarlierLifeLeftBehind(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(true)
		s.untilQuiet()
		s.ledger.set(0, errFake)
		s.conn.OnMessage(voiceproto.Text{Content: "This waits for the database."})
		synctest.Wait()
		if err := s.calls.End(s.id, interview.EndShutdown); err != nil {
			t.Fatal(err)
		}
		time.Sleep(closeWithin + time.Second)
		synctest.Wait()
		s.connect(true)
		time.Sleep(2 * time.Second)
		s.ledger.set(0, nil)
		s.untilQuiet()
		lines := s.ledger.lines(t, s.id)
		if !slices.Contains(lines, "user: This waits for the database.") {
			t.Errorf("transcript: %q", lines)
		}
		for i, e := range s.ledger.events[s.id] {
			if e.Seq != interview.Seq(i+1) {
				t.Fatalf("event %d has seq %d", i+1, e.Seq)
			}
		}
	})
}

// crash ends the process without a goodbye and starts the next one.
func (s *scene) crash() {
	s.t.Helper()
	if err := s.sys.Shutdown(s.t.Context()); err != nil {
		s.t.Error(err)
	}
	s.open(Config{})
}
