package vad

import (
	"errors"
	"math"
	"testing"
	"time"
)

func TestSettingsOutOfBoundsAreNamed(t *testing.T) {
	t.Parallel()
	nan := float32(math.NaN())
	for name, tc := range map[string]struct {
		cfg Config
		ok  bool
	}{
		"the defaults":                       {Config{}, true},
		"a low start takes stop along":       {Config{Start: 0.2}, true},
		"the strictest":                      {Config{Start: 1, Stop: 1, MinSpeech: time.Second, MinSilence: 3 * time.Second, GateMargin: 30, MinLevel: -20}, true},
		"start above 1":                      {Config{Start: 1.1}, false},
		"start negative":                     {Config{Start: -0.1}, false},
		"start not a number":                 {Config{Start: nan}, false},
		"stop above start":                   {Config{Stop: 0.6}, false},
		"stop not a number":                  {Config{Stop: nan}, false},
		"speech that lasts negative time":    {Config{MinSpeech: -1}, false},
		"speech that must last 2 s":          {Config{MinSpeech: 2 * time.Second}, false},
		"silence below two windows":          {Config{MinSilence: 63 * time.Millisecond}, false},
		"silence above 3 s":                  {Config{MinSilence: 4 * time.Second}, false},
		"a negative margin":                  {Config{GateMargin: -1}, false},
		"a margin not a number":              {Config{GateMargin: nan}, false},
		"a least level above -20":            {Config{MinLevel: -10}, false},
		"a least level of a good microphone": {Config{MinLevel: -90}, true},
	} {
		if err := tc.cfg.Validate(); (err == nil) != tc.ok || (err != nil && !errors.Is(err, ErrConfig)) {
			t.Errorf("%s: Validate() = %v, want ok %v", name, err, tc.ok)
		}
	}
}
