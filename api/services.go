package api

import (
	"context"
	"net/http"

	"github.com/vantahire/vantahire/actors"
	"github.com/vantahire/vantahire/hiring"
)

// Services are what the handlers call.
type Services struct {
	Hiring *hiring.Service
	Calls  LiveCalls

	Accounts *hiring.Accounts

	Keys *hiring.Keys
	// KeyLog notes what keys are used for; it never blocks. nil notes nothing.
	KeyLog func(hiring.KeyLog)

	Files *hiring.Files

	Jobs *hiring.Jobs

	Applications *hiring.Applications

	Admin *hiring.Admin

	Messages *hiring.Messages

	// Repeats carries requests with a key out once; nil does not.
	Repeats *hiring.Repeats

	// Describe tells the live interview about itself: the plan above all.
	Describe func(row hiring.Interview) (actors.Info, error)
	// Healthy checks database and Redis.
	Healthy func(ctx context.Context) error
	// Ready says why no new interview should come here, in a few words each; none
	// when one may. It does not block. nil is always ready.
	Ready func() []string
	// Metrics serves /metrics; nil switches it off.
	Metrics http.Handler
	// Profile serves /debug/pprof/; nil switches it off.
	Profile http.Handler
}
