package chat

import (
	"net/http"
	"time"
)

// Options tune a Client. The zero value of a field means its default.
type Options struct {
	// FirstToken is how long a reply may take to its first word, from Reply on.
	// Default 6 s.
	FirstToken time.Duration
	// Idle is how long it may pause after that. Default 5 s.
	Idle time.Duration
	// Total bounds a whole reply. Default 30 s.
	Total time.Duration
	// Patience lets the client ask once more by itself when a live request is
	// refused with 5xx or 498, or with 429 and a pause of at most this long.
	// Default 0: never; a chain of models asks the next one sooner.
	Patience time.Duration
	// MaxTokens bounds a reply that does not bound itself. Default 220 tokens.
	MaxTokens int
	// HistoryTokens bounds the conversation sent along, in estimated tokens.
	// Default 6000; at least 200.
	HistoryTokens int
	// Live is how many replies may run at once; one more is refused with
	// providers.ErrBusy. Default 256.
	Live int
	// Background is how many Complete calls may run at once; more wait. Default 2.
	Background int
	// BackgroundShare is the part of the server's token limit that Complete leaves
	// for live replies: with less remaining it waits for the limit's renewal.
	// Default 0.3; negative = none.
	BackgroundShare float64
	// BackgroundTotal bounds one attempt of Complete. Default 60 s.
	BackgroundTotal time.Duration
	// BackgroundRetries is how often Complete asks again. Default 5; negative =
	// never.
	BackgroundRetries int
	// BackoffLeast and BackoffMost bound the pause before Complete asks again when
	// the server names none. Defaults 500 ms and 8 s.
	BackoffLeast, BackoffMost time.Duration
	// Transport replaces the client's own; Close then leaves it alone.
	Transport http.RoundTripper
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		v *time.Duration
		d time.Duration
	}{
		{&o.FirstToken, 6 * time.Second},
		{&o.Idle, 5 * time.Second},
		{&o.Total, 30 * time.Second},
		{&o.BackgroundTotal, time.Minute},
		{&o.BackoffLeast, 500 * time.Millisecond},
		{&o.BackoffMost, 8 * time.Second},
	} {
		if *d.v <= 0 {
			*d.v = d.d
		}
	}
	for _, d := range []struct {
		v *int
		d int
	}{{&o.MaxTokens, 220}, {&o.HistoryTokens, 6000}, {&o.Live, 256}, {&o.Background, 2}} {
		if *d.v <= 0 {
			*d.v = d.d
		}
	}
	o.HistoryTokens = max(o.HistoryTokens, leastHistory)
	if o.BackgroundShare == 0 {
		o.BackgroundShare = .3
	}
	if o.BackgroundRetries == 0 {
		o.BackgroundRetries = 5
	}
	return o
}
