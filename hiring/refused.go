package hiring

import "errors"

// Kind is the sort of a refusal; the edge gives each its status.
type Kind int

// The kinds of refusals.
const (
	KindInvalid         Kind = iota + 1 // 400: what was asked makes no sense now
	KindUnauthenticated                 // 401: who are you?
	KindForbidden                       // 403: not you
	KindNotFound                        // 404: nothing there, or nothing of yours
	KindConflict                        // 409: somebody else was first
	KindGone                            // 410: it was there
	KindStale                           // 412: it has changed since you looked
	KindUnprocessable                   // 422: it contradicts itself
	KindTooMany                         // 429: not so fast
	KindUnavailable                     // 503: not now
)

// RefusedError is an outcome the caller is told, in the contract's words.
type RefusedError struct {
	Kind Kind
	Text string
	// ValidTransitions are what the state allows instead; nil leaves the key out of
	// the answer (contract section 1.3).
	ValidTransitions []string
}

// Error is the text.
func (e *RefusedError) Error() string { return e.Text }

// Refuse makes a refusal.
func Refuse(kind Kind, text string) *RefusedError { return &RefusedError{Kind: kind, Text: text} }

// orRefuse is the refusal when err is the given one, and err otherwise.
func orRefuse(err, is error, refusal *RefusedError) error {
	if errors.Is(err, is) {
		return refusal
	}
	return err
}
