package providers

import (
	"errors"
	"fmt"
)

// Stage is the part of the pipeline a provider serves.
type Stage string

// The stages of the pipeline.
const (
	StageSTT Stage = "stt"
	StageLLM Stage = "llm"
	StageTTS Stage = "tts"
)

// Error reports a failed call of a speech or language provider.
type Error struct {
	Stage    Stage
	Provider string // "local", "deepgram", ...
	Retry    bool   // whether the same request may succeed later
	Err      error
}

// Error names the stage, the provider and the cause.
func (e *Error) Error() string {
	return fmt.Sprintf("%s provider %s: %v", e.Stage, e.Provider, e.Err)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

var (
	// ErrUnavailable indicates that the provider can't serve at all on this
	// machine or with this configuration: there is nothing to retry.
	ErrUnavailable = errors.New("provider unavailable")
	// ErrBusy indicates that the provider is at its admission limit.
	ErrBusy = errors.New("provider busy")
	// ErrNoProgress indicates that no useful output came within the deadline.
	ErrNoProgress = errors.New("no useful progress")
)
