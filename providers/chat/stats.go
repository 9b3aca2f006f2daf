package chat

import (
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Stats counts what a client did since its start.
type Stats struct {
	Requests     int64 // on the wire, retries included
	Replies      int64 // live ones that were complete
	Completions  int64 // of Complete, that were good
	Cancelled    int64 // replies their reader gave up
	Failed       int64 // replies that ended in an error
	Refused      int64 // answers that are no success, and errors within a stream
	RateLimited  int64 // of those, by a limit
	Busy         int64 // replies over Options.Live
	Empty        int64 // answers without a word
	Truncated    int64 // streams that ended early
	Garbled      int64 // answers that break the protocol
	Stalled      int64 // deadlines that passed
	LengthCut    int64 // replies that ran into their bound of tokens
	Retried      int64 // requests made again by the client itself
	Reconnected  int64 // of those, because a pooled connection was dead
	Repaired     int64 // second requests of Complete for an answer that fits
	LinesLeftOut int64 // of the conversation, because the window was full
	Live         int64 // replies running now
	// PromptTokens and CompletionTokens are what was paid for; Estimated counts
	// the answers whose numbers are a guess.
	PromptTokens, CompletionTokens, Estimated int64
	// WindowTokens is the window of the conversation now.
	WindowTokens int64
	Limits       Limits
}

// Limits is what the server said last about its rate limits. They belong to the
// whole account. Zero when it says nothing.
type Limits struct {
	At                               time.Time
	LimitRequests, RemainingRequests int
	LimitTokens, RemainingTokens     int
	ResetRequestsIn, ResetTokensIn   time.Duration
}

type counters struct {
	requests, replies, completions, cancelled, failed, refused, rateLimited, busy, empty, truncated, garbled, stalled,
	lengthCut, retried, reconnected, repaired, linesLeftOut, promptTokens, completionTokens, estimated atomic.Int64
}

// Stats returns the counters.
func (c *Client) Stats() Stats {
	n := &c.stats
	return Stats{
		Requests: n.requests.Load(), Replies: n.replies.Load(), Completions: n.completions.Load(), Cancelled: n.cancelled.Load(),
		Failed: n.failed.Load(), Refused: n.refused.Load(), RateLimited: n.rateLimited.Load(), Busy: n.busy.Load(), Empty: n.empty.Load(),
		Truncated: n.truncated.Load(), Garbled: n.garbled.Load(), Stalled: n.stalled.Load(), LengthCut: n.lengthCut.Load(),
		Retried: n.retried.Load(), Reconnected: n.reconnected.Load(), Repaired: n.repaired.Load(), LinesLeftOut: n.linesLeftOut.Load(),
		PromptTokens: n.promptTokens.Load(), CompletionTokens: n.completionTokens.Load(), Estimated: n.estimated.Load(),
		Live: c.live.Load(), WindowTokens: c.window.Load(), Limits: c.limits.last(),
	}
}

// limits keeps the newest rate-limit header.
type limits struct {
	mu  sync.Mutex
	now Limits
}

func (l *limits) last() Limits {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

// read takes the header of an answer; one without limits changes nothing.
func (l *limits) read(h http.Header) {
	if h.Get("x-ratelimit-limit-tokens") == "" {
		return
	}
	number := func(name string) int {
		n, _ := strconv.Atoi(h.Get("x-ratelimit-" + name)) // what is no number says nothing
		return max(n, 0)
	}
	duration := func(name string) time.Duration {
		d, _ := time.ParseDuration(h.Get("x-ratelimit-" + name)) // as above
		return max(d, 0)
	}
	now := Limits{
		At: time.Now(), LimitRequests: number("limit-requests"), RemainingRequests: number("remaining-requests"),
		LimitTokens: number("limit-tokens"), RemainingTokens: number("remaining-tokens"),
		ResetRequestsIn: duration("reset-requests"), ResetTokensIn: duration("reset-tokens"),
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = now
}

// longestHold bounds how long Complete waits for a limit's renewal at a time.
const longestHold = time.Minute

// hold is how long a background job should wait so that share of the tokens stays
// for live replies.
func (l *limits) hold(share float64) time.Duration {
	now := l.last()
	if share <= 0 || now.LimitTokens == 0 || float64(now.RemainingTokens) >= share*float64(now.LimitTokens) {
		return 0
	}
	return min(time.Until(now.At.Add(now.ResetTokensIn)), longestHold)
}
