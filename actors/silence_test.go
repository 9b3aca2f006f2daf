package actors

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/actors/turn"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceproto"
)

// A candidate whose microphone runs and who says nothing for minutes is spoken to
// as often as the settings say, and then the interview ends.
func TestMinutesOfSilentSoundAreMetWithNudgesAndEndIdle(t *testing.T) {
	t.Parallel()
	for name, level := range map[string]float64{"digital silence": 0, "a quiet room": 0.0005} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				cfg := turn.DefaultConfig()
				cfg.NudgeAfter, cfg.NudgePatient = time.Minute, time.Minute
				s.close()
				s.open(Config{Turn: cfg})
				d := s.connect(false)
				began := time.Now()
				for s.device.closeCode() == 0 && time.Since(began) < 10*time.Minute {
					s.mic(time.Second, level)
				}
				took := time.Since(began)
				if d.closeCode() != voiceproto.CloseCompleted {
					t.Errorf("after %s the call was closed with %d; messages: %v", took, d.closeCode(), d.types())
				}
				if least := time.Duration(cfg.Nudges) * cfg.NudgeAfter; took < least {
					t.Errorf("it ended after %s, patience alone is %s", took, least)
				}
				if got := s.lifecycle.reasons(); !slices.Equal(got, []interview.EndReason{interview.EndIdle}) {
					t.Errorf("ended: %v", got)
				}
				lines := s.ledger.lines(t, s.id)
				t.Logf("%s: %s", took, strings.Join(lines, " | "))
				for _, l := range lines {
					if strings.HasPrefix(l, "user") {
						t.Errorf("silence was taken for %q", l)
					}
				}
				if len(lines) < 1+cfg.Nudges {
					t.Errorf("%d lines for a greeting and %d nudges:\n  %s", len(lines), cfg.Nudges, strings.Join(lines, "\n  "))
				}
				types := d.types()
				if len(types) == 0 || types[len(types)-1] != "ended" {
					t.Errorf("the last message is not the end: %v", types)
				}
				if len(s.calls.Live()) != 0 {
					t.Error("the interview is still live")
				}
			})
		})
	}
}
