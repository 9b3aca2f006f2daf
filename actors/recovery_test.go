package actors

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/media/voiceproto"
	"github.com/vantahire/vantahire/providers"
)

func TestALongHoleInTheAudioDoesNotStopRecognition(t *testing.T) {
	t.Parallel()
	for name, hole := range map[string]time.Duration{"filled": 3 * time.Second, "too long to fill": 9 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.connect(false)
				s.untilQuiet()
				s.mic(time.Second, 0)
				before := s.ear.last(t).written
				s.conn.mic.gap(int(hole.Seconds() * media.MicRate))
				s.wait(500 * time.Millisecond)
				s.speak("We moved everything to a queue last year.", 2*time.Second)
				s.untilQuiet()
				if len(s.ear.streams) != 1 {
					t.Fatalf("recognition was opened %d times", len(s.ear.streams))
				}
				if filled := s.ear.last(t).written - before; hole > sttMaxGap.Duration() && filled > interview.Sample(6*media.MicRate) {
					t.Errorf("%s were written after a hole of %s", filled.Duration(), hole)
				}
				for _, n := range got[voiceproto.Notice](s.device) {
					t.Errorf("the candidate was told %q", n.Text)
				}
				head := s.conn.mic.inbound.Head().Duration()
				for _, e := range s.ledger.events[s.id] {
					if e.Kind != interview.KindSegmentFinal {
						continue
					}
					if f := payload[interview.SegmentFinal](t, e); head-f.To > 3*time.Second || f.To > head {
						t.Errorf("the words end at %s of %s", f.To, head)
					}
				}
				s.wantLines("assistant: This is reply 1.", "user: We moved everything to a queue last year.", "assistant: This is reply 2.")
			})
		})
	}
}

func TestAnEndThatWasStoredIsCarriedOutWheneverThatBecomesPossible(t *testing.T) {
	t.Parallel()
	t.Run("the row refuses to move at first", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			s.connect(false)
			s.untilQuiet()
			s.lifecycle.failing = 2
			s.conn.OnMessage(voiceproto.End{})
			s.wait(3 * time.Second)
			if got := s.lifecycle.reasons(); !slices.Equal(got, []interview.EndReason{interview.EndCandidate}) {
				t.Errorf("ended: %v", got)
			}
		})
	})
	t.Run("the database is away for longer than anybody waits", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			s.connect(false)
			s.untilQuiet()
			s.ledger.set(0, errFake)
			s.conn.OnMessage(voiceproto.End{})
			s.wait(closeWithin + 2*time.Second)
			if n := len(got[voiceproto.Ended](s.device)); n != 0 {
				t.Errorf("the end was told %d times without being durable", n)
			}
			if len(s.lifecycle.reasons()) != 0 {
				t.Errorf("the row was moved: %v", s.lifecycle.reasons())
			}
			s.ledger.set(0, nil)
			time.Sleep(3 * time.Second)
			synctest.Wait()
			s.connect(false)
			synctest.Wait()
			if s.device.closeCode() != voiceproto.CloseNotActive {
				t.Errorf("closed with %d", s.device.closeCode())
			}
			if got := s.lifecycle.reasons(); !slices.Equal(got, []interview.EndReason{interview.EndCandidate}) {
				t.Errorf("ended: %v", got)
			}
		})
	})
}

func TestAFloodOfWrittenLinesIsRefusedWhole(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(true)
		s.untilQuiet()
		for range 40 {
			s.conn.OnMessage(voiceproto.Text{Content: "Here is another line of mine."})
		}
		synctest.Wait()
		segments := 0
		for _, k := range s.ledger.kinds(s.id) {
			if k == interview.KindSegmentFinal {
				segments++
			}
		}
		if segments != typingBurst {
			t.Errorf("%d lines were taken, want %d", segments, typingBurst)
		}
		refused := 0
		for _, e := range got[voiceproto.Error](s.device) {
			if e.Code == voiceproto.CodeOverloaded {
				refused++
			}
		}
		if refused != 40-typingBurst {
			t.Errorf("%d lines were refused", refused)
		}
		if n := s.chat.count(); n > typingBurst+2 {
			t.Errorf("the model was asked %d times", n)
		}
		s.wait(2 * typingEvery)
		s.conn.OnMessage(voiceproto.Text{Content: "And this one comes in time."})
		s.untilQuiet()
		s.untilQuiet()
		lines := s.ledger.lines(t, s.id)
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, "And this one comes in time.") }) {
			t.Errorf("transcript: %q", lines)
		}
	})
}

func TestMoreControlMessagesThanCanBeTakenCloseTheConnection(t *testing.T) {
	t.Parallel()
	d := newDevice(true)
	full := false
	conn := &Connection{transport: d, tell: func(interviewMsg) {}, offer: func(interviewMsg) bool { return !full }}
	conn.OnMessage(voiceproto.Skip{})
	full = true
	conn.OnMessage(voiceproto.Played{Reply: 1, MS: 20})
	if d.closed {
		t.Fatal("an acknowledgement that can't be taken closed the connection")
	}
	conn.OnMessage(voiceproto.Skip{})
	if d.closeCode() != voiceproto.CloseFlood {
		t.Errorf("closed with %d", d.closeCode())
	}
}

func TestAHintThatComesWhileTheInterviewerSpeaksIsTakenUpNext(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.speak("I build payment systems in a small team.", 2*time.Second)
		for s.sounding() < 2 {
			s.wait(20 * time.Millisecond)
		}
		if err := s.calls.Whisper(s.id, "anna", "Ask about on call work"); err != nil {
			t.Fatal(err)
		}
		s.untilQuiet()
		s.speak("We moved everything to a message queue last year.", 2*time.Second)
		s.untilQuiet()
		if r := s.chat.last(); !strings.Contains(r.Instruction, "call work") {
			t.Errorf("the instruction does not know of the hint: %q", r.Instruction)
		}
	})
}

func TestWordsThatACrashLeftLooseHaveATurnOfTheirOwn(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		for i, e := range []struct {
			kind    interview.EventKind
			payload any
		}{
			{interview.KindStarted, interview.Started{}},
			{interview.KindConnected, interview.Connection{Conn: 1}}, // by a program that did not store what decided
			{interview.KindSegmentFinal, interview.SegmentFinal{Segment: 1, Text: "Hello."}},
			{interview.KindTurnCommitted, interview.TurnCommitted{Turn: 1, Text: "Hello.", Segments: []interview.SegmentNo{1}}},
			{interview.KindSegmentFinal, interview.SegmentFinal{Segment: 2, Text: "I was about to say"}},
		} {
			ev, err := interview.NewEvent(s.id, interview.Seq(i+1), 0, e.kind, time.Now(), 0, e.payload)
			if err != nil {
				t.Fatal(err)
			}
			s.ledger.events[s.id] = append(s.ledger.events[s.id], ev)
		}
		s.connect(false)
		s.untilQuiet()
		s.speak("So as I was saying we use queues.", 2*time.Second)
		s.untilQuiet()
		seen := map[interview.TurnNo]string{}
		for _, e := range s.ledger.events[s.id] {
			if e.Kind != interview.KindTurnCommitted {
				continue
			}
			c := payload[interview.TurnCommitted](t, e)
			if other, taken := seen[c.Turn]; taken {
				t.Errorf("turn %d is %q and %q", c.Turn, other, c.Text)
			}
			seen[c.Turn] = c.Text
		}
		if len(seen) != 3 {
			t.Errorf("turns: %v", seen)
		}
	})
}

func TestAnInterviewThatWasGoingOnCanBeEndedWhileRecognitionComesUp(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.close()
		s.open(Config{})
		s.ear.mu.Lock()
		s.ear.refuse = &providers.Error{Stage: providers.StageSTT, Provider: "fake", Retry: true, Err: errFake} // it does not come up
		s.ear.mu.Unlock()
		s.connect(false)
		s.conn.OnMessage(voiceproto.End{})
		s.wait(time.Second)
		if got := s.lifecycle.reasons(); !slices.Equal(got, []interview.EndReason{interview.EndShutdown, interview.EndCandidate}) {
			t.Errorf("ended: %v", got)
		}
		if s.device.closeCode() != voiceproto.CloseCompleted || len(got[voiceproto.Ended](s.device)) != 1 {
			t.Errorf("closed with %d after %v", s.device.closeCode(), s.device.types())
		}
	})
}

func TestAConnectionToAnInterviewThatDiesIsServedOrClosed(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		live, err := s.calls.live(s.id)
		if err != nil {
			t.Fatal(err)
		}
		live.ref.Tell(attached{nil}) // a defect: the actor panics
		first := s.connect(false)
		synctest.Wait()
		second := s.connect(false)
		s.wait(2 * time.Second)
		if len(got[voiceproto.Ready](first)) == 0 && first.closeCode() == 0 {
			t.Error("a connection is neither served nor closed")
		}
		if len(got[voiceproto.Ready](second)) == 0 {
			t.Errorf("the interview can't be had again: closed with %d", second.closeCode())
		}
	})
}

func TestOnlyTheNewestPartialWaits(t *testing.T) {
	t.Parallel()
	var reports []interviewMsg
	a := newSTTActor(nil, nil, 0, nil, 1, func(m interviewMsg) { reports = append(reports, m) })
	for _, text := range []string{"one", "one two", "one two three"} {
		a.hand(providers.Transcript{Text: text})
	}
	a.hand(providers.Transcript{Text: "One two three.", Final: true})
	a.hand(providers.Transcript{Text: "four"})
	if len(reports) != 3 {
		t.Fatalf("%d reports wait", len(reports))
	}
	if got := reports[0].(sttPartial).latest.take().Text; got != "one two three" {
		t.Errorf("the first partial is %q", got)
	}
	if got := reports[1].(sttHeard).transcript.Text; got != "One two three." {
		t.Errorf("the final is %q", got)
	}
	a.hand(providers.Transcript{Text: "four five"})
	if got := reports[2].(sttPartial).latest.take().Text; got != "four five" || len(reports) != 3 {
		t.Errorf("the second partial is %q of %d reports", got, len(reports))
	}
	a.hand(providers.Transcript{Text: "four five six"})
	if len(reports) != 4 {
		t.Error("a partial after one that was received is lost")
	}
}

func TestARevokedLinkWaitsForNoLastWords(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.mic(time.Second, 0.3) // talking
		began := time.Now()
		if err := s.calls.End(s.id, interview.EndRevoked); err != nil {
			t.Fatal(err)
		}
		for s.device.closeCode() == 0 && time.Since(began) < 5*time.Second {
			s.mic(20*time.Millisecond, 0.3)
		}
		if took := time.Since(began); took > 400*time.Millisecond || s.device.closeCode() != voiceproto.CloseRevoked {
			t.Errorf("closed with %d after %s", s.device.closeCode(), took)
		}
	})
}

func TestWhatIsSaidWhileRecognitionIsAwayIsALineAfterwards(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.ear.mu.Lock()
		s.ear.refuse = &providers.Error{Stage: providers.StageSTT, Provider: "fake", Retry: true, Err: errFake}
		s.ear.mu.Unlock()
		s.ear.last(t).breaks(errFake)
		s.wait(time.Second)
		from := s.conn.mic.inbound.Head()
		s.mic(3*time.Second, 0.3)
		s.mic(25*time.Second, 0)
		s.ear.mu.Lock()
		s.ear.refuse = nil
		s.ear.mu.Unlock()
		s.wait(sttRetryPause + time.Second)
		stream := s.ear.last(t)
		if stream.offset > from {
			t.Fatalf("recognition goes on at %s, the answer began at %s", stream.offset.Duration(), from.Duration())
		}
		stream.results <- earResult{transcript: providers.Transcript{Text: "This was said in the meantime.", Final: true, Confidence: 1, From: from, To: from + 3*media.MicRate}}
		stream.results <- earResult{transcript: providers.Transcript{Final: true, From: from + 3*media.MicRate, To: s.conn.mic.inbound.Head(), Through: s.conn.mic.inbound.Head()}}
		s.wait(15 * time.Second)
		if lines := s.ledger.lines(t, s.id); !slices.Contains(lines, "user: This was said in the meantime.") {
			t.Errorf("transcript: %q", lines)
		}
		if got := s.conn.mic.inbound.Capacity(); got != 10*time.Second {
			t.Errorf("%s of audio are kept after the outage", got)
		}
	})
}

func TestTheSilenceInABacklogIsNotCaughtUpWith(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.ear.mu.Lock()
		s.ear.refuse = &providers.Error{Stage: providers.StageSTT, Provider: "fake", Retry: true, Err: errFake}
		s.ear.mu.Unlock()
		s.ear.last(t).breaks(errFake)
		s.wait(time.Second)
		s.mic(2*time.Second, 0.3)
		s.mic(20*time.Second, 0)
		s.mic(2*time.Second, 0.3)
		s.ear.mu.Lock()
		s.ear.refuse = nil
		s.ear.mu.Unlock()
		s.wait(sttRetryPause + time.Second)
		stream := s.ear.last(t)
		stream.mu.Lock()
		written, offset := stream.written, stream.offset
		stream.mu.Unlock()
		head := s.conn.mic.inbound.Head()
		if left := (head - offset - written).Duration(); left < 15*time.Second {
			t.Errorf("only %s of a backlog with 20 s of silence were left out", left)
		}
		// Words at the end of what was written lie at the end of what was said.
		stream.results <- earResult{transcript: providers.Transcript{Text: "These were the last words.", Final: true, From: offset + written - 1000, To: offset + written}}
		synctest.Wait()
		for _, e := range s.ledger.events[s.id] {
			if e.Kind == interview.KindSegmentFinal {
				if f := payload[interview.SegmentFinal](t, e); head.Duration()-f.To > time.Second {
					t.Errorf("the last words end at %s of %s", f.To, head.Duration())
				}
			}
		}
	})
}

func TestNobodyAnswersHalfOfWhatWasSaidWhileRecognitionIsRedialled(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.mic(time.Second, 0.3)
		first := s.ear.last(t)
		at := s.conn.mic.inbound.Head()
		first.results <- earResult{transcript: providers.Transcript{Text: "I build payment systems.", Final: true, Confidence: 1, From: at - 8000, To: at}}
		s.mic(500*time.Millisecond, 0.3)
		s.ear.mu.Lock()
		s.ear.refuse = &providers.Error{Stage: providers.StageSTT, Provider: "fake", Retry: true, Err: errFake}
		s.ear.mu.Unlock()
		first.breaks(errFake)
		s.mic(500*time.Millisecond, 0.3)
		s.wait(time.Second) // the answer is over, recognition is still away
		if n := s.chat.count(); n != 1 {
			t.Fatalf("half an answer was answered: %q", s.chat.last().History)
		}
		s.ear.mu.Lock()
		s.ear.refuse, s.ear.pending = nil, "And I test them."
		s.ear.mu.Unlock()
		s.wait(2 * time.Second)
		if s.ear.last(t) == first {
			t.Fatal("recognition was not redialled")
		}
		s.untilQuiet()
		s.wantLines("assistant: This is reply 1.", "user: I build payment systems. And I test them.", "assistant: This is reply 2.")
	})
}

func TestRecognitionIsToldWhatToListenFor(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		info := s.info()
		terms := listenFor(info)
		if len(terms) == 0 || terms[0] != info.JobRole || len(terms) > maxTerms {
			t.Errorf("terms %q", terms)
		}
		s.connect(false)
		s.wait(100 * time.Millisecond)
		if got := s.ear.terms; !slices.Equal(got, terms) {
			t.Errorf("recognition was told %q, want %q", got, terms)
		}
	})
}
