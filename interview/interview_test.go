package interview

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
)

func TestWhichReasonsCompleteAnInterview(t *testing.T) {
	t.Parallel()
	for reason, final := range map[EndReason]bool{
		EndFinished: true, EndCandidate: true, EndTimeLimit: true, EndIdle: true, EndGone: true, EndHardCap: true, EndOperator: true, EndProviders: true, EndBudget: true,
		EndElsewhere: false, EndRevoked: false, EndFailed: false, EndShutdown: false, EndNeverStarted: false, EndLedgerRefused: false,
		"": false, "a reason of a later version": false,
	} {
		if reason.Final() != final {
			t.Errorf("%q completes the interview: %t", reason, !final)
		}
	}
}

func TestNewEventKeepsWhatIsStored(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 4, 12, 0, 0, 123_456_789, time.FixedZone("", 3600))
	e, err := NewEvent("i", 3, 2, KindTurnCommitted, at, time.Second, TurnCommitted{Turn: 1, Text: "Yes.", Segments: []SegmentNo{4}})
	if err != nil {
		t.Fatal(err)
	}
	if e.Interview != "i" || e.Seq != 3 || e.Fence != 2 || e.Kind != KindTurnCommitted || e.Clock != time.Second {
		t.Errorf("%+v", e)
	}
	if want := time.Date(2026, 5, 4, 11, 0, 0, 123_000_000, time.UTC); !e.At.Equal(want) || e.At.Location() != time.UTC {
		t.Errorf("it happened at %s, want %s", e.At, want)
	}
	var back TurnCommitted
	if err := json.Unmarshal(e.Payload, &back); err != nil || back.Text != "Yes." || len(back.Segments) != 1 {
		t.Errorf("%+v, %v", back, err)
	}
	if strings.Contains(string(e.Payload), "aside") {
		t.Errorf("a payload tells of what is not: %s", e.Payload)
	}
	if _, err := NewEvent("i", 3, 2, KindTalkTime, at, 0, math.Inf(1)); err == nil || !strings.Contains(err.Error(), "talk_time event 3 of interview i") {
		t.Errorf("a payload without a JSON form: %v", err)
	}
}

func TestTheMediaClock(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]Sample{0: 0, time.Second: 16000, 20 * time.Millisecond: 320, 62500 * time.Nanosecond: 1, 24 * time.Hour: 16000 * 86400} {
		if got := SampleAt(d); got != want {
			t.Errorf("%s is sample %d, want %d", d, got, want)
		}
		if got := want.Duration(); got != d {
			t.Errorf("sample %d is at %s, want %s", want, got, d)
		}
	}
}

func TestAStaleFenceNamesItsInterviews(t *testing.T) {
	t.Parallel()
	if got := (&StaleFenceError{Interviews: []ID{"a", "b"}}).Error(); got != "stale fence for interview a, b" {
		t.Error(got)
	}
}
