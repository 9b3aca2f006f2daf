package cartesia

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/dial"
)

var (
	errFinished = errors.New("sentence after the end of the reply")
	errClosed   = errors.New("stream closed")
	errShut     = errors.New("synthesizer closed")
	errDropped  = errors.New("connection lost")
	errNoSound  = errors.New("text was taken and no sound came")
	errCut      = errors.New("context ended within a sentence")
	errCorrupt  = errors.New("sound that can't be read")
	errFlood    = errors.New("more sound than anybody asked for")
	errPanic    = errors.New("panic")
)

// failure gives err the shape consumers look at. A context's own cause stays what
// it is.
func failure(err error) error {
	var known *providers.Error
	if errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	e := &providers.Error{Stage: providers.StageTTS, Provider: Name, Retry: true, Err: err}
	var r *dial.Refusal
	if errors.As(err, &r) {
		e.Retry = r.Retry()
	}
	if errors.Is(err, errFinished) || errors.Is(err, errFlood) || errors.Is(err, errShut) {
		e.Retry = false
	}
	return e
}

// remedy is what may be done about a failure.
type remedy int

const (
	none  remedy = iota
	later        // after a pause: there were too many
	fresh        // on another socket
)

// remedyFor tells what a repetition needs: only overload passes by waiting, only
// what is the server's own fault is worth another socket, and what is wrong with
// the request stays wrong.
func remedyFor(err error) remedy {
	var r *dial.Refusal
	if errors.As(err, &r) {
		switch {
		case r.Status == http.StatusTooManyRequests:
			return later
		case r.Status >= http.StatusInternalServerError:
			return fresh
		}
		return none
	}
	var known *providers.Error
	switch {
	case errors.As(err, &known) && !known.Retry, errors.Is(err, providers.ErrBusy), errors.Is(err, providers.ErrNoProgress), errors.Is(err, context.Canceled), errors.Is(err, errFlood), errors.Is(err, errShut):
		return none
	}
	return fresh
}

// discreet takes secrets out of what the other side says: it may repeat the key or
// what the candidate is told. Several replies may share err, so it is copied.
func discreet(err error, secrets ...string) error {
	var r *dial.Refusal
	if !errors.As(err, &r) {
		return err
	}
	masked := *r
	for _, s := range secrets {
		if s = strings.TrimSpace(s); len(s) > 3 {
			masked.Message = strings.ReplaceAll(masked.Message, s, "[...]")
			masked.Code = strings.ReplaceAll(masked.Code, s, "[...]")
		}
	}
	return failure(&masked)
}
