package turn

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestTheDefaultsAreValidAndWhatZeroMeans(t *testing.T) {
	t.Parallel()
	if err := (Config{}).Validate(); err != nil {
		t.Error(err)
	}
	if (Config{}).withDefaults() != DefaultConfig() {
		t.Error("a default is missing")
	}
	if c := DefaultConfig(); c.EndComplete > 300*ms || c.EndDangling < 900*ms || c.EndOpen > 1500*ms || c.HoldAfter > 250*ms {
		t.Error("the defaults miss the targets of design section 8")
	}
}

func TestAConfigErrorNamesTheFieldAndTheBounds(t *testing.T) {
	t.Parallel()
	for field, c := range map[string]Config{
		"EndComplete":    {EndComplete: ms},
		"EndUnsure":      {EndUnsure: 200 * ms},
		"EndDangling":    {EndDangling: 500 * ms},
		"FinalWait":      {FinalWait: time.Hour},
		"DecideAfter":    {DecideAfter: 10 * ms},
		"NudgePatient":   {NudgePatient: 5 * sec},
		"GraceTotal":     {GraceTotal: time.Second},
		"TimeLimit":      {TimeLimit: -time.Second},
		"BargeWords":     {BargeWords: 9},
		"Nudges":         {Nudges: -1},
		"ClosingRepeats": {ClosingRepeats: 50},
		"StopWords":      {StopWords: strings.Repeat("x", maxPhrases+1)},
	} {
		err := c.Validate()
		var bad *ConfigError
		if !errors.As(err, &bad) || bad.Field != field || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestPausesGrowWithPatienceAndNeverShrink(t *testing.T) {
	t.Parallel()
	r := newRules(Config{EndComplete: 3 * sec, EndUnsure: 5 * sec, EndDangling: 8 * sec})
	for _, class := range []Completeness{Complete, Unsure, Dangling, Open} {
		if r.pause(class, true) < r.pause(class, false) {
			t.Errorf("%s: a patient pause is shorter", class)
		}
		if class > Complete && r.pause(class, false) < r.pause(class-1, false) {
			t.Errorf("%s: shorter than a more finished one", class)
		}
	}
}
