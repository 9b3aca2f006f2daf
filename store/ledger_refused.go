package store

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/vantahire/vantahire/interview"
)

var (
	// ErrSeqTaken says that another event has the interview's seq already. The event
	// is kept as a late one.
	ErrSeqTaken = errors.New("another event has this seq")
	// ErrBadEvent says that an event is not complete or its payload is not that of
	// its kind.
	ErrBadEvent = errors.New("not a valid event")
	// ErrDatabaseRefuses says that the database does not take an event's content,
	// though nothing was found wrong with it.
	ErrDatabaseRefuses = errors.New("the database refuses the event")
)

// RefusedEvent is an event that can never be stored as it is.
type RefusedEvent struct {
	Interview interview.ID
	Seq       interview.Seq
	Err       error // wraps *hiring.TextError, ErrBadEvent, ErrSeqTaken or ErrDatabaseRefuses; without content
}

// RefusedError reports the events of a batch that can never be stored as they are.
// They are in quarantine, with a placeholder in the record, or late (ErrSeqTaken);
// only one without interview or seq is kept nowhere. All others are stored.
type RefusedError struct {
	Events []RefusedEvent
}

// Error names the first event.
func (e *RefusedError) Error() string {
	first := e.Events[0]
	return fmt.Sprintf("%d events refused, first %d of interview %s: %v", len(e.Events), first.Seq, first.Interview, first.Err)
}

// Unwrap returns the reasons.
func (e *RefusedError) Unwrap() []error {
	errs := make([]error, len(e.Events))
	for i, r := range e.Events {
		errs[i] = r.Err
	}
	return errs
}

// Refusal is why an event was refused, and nil for an event that was not.
func (e *RefusedError) Refusal(id interview.ID, seq interview.Seq) error {
	for _, r := range e.Events {
		if r.Interview == id && r.Seq == seq {
			return r.Err
		}
	}
	return nil
}

// outcome is what became of the events of a batch that were not simply stored.
type outcome struct {
	stale   []interview.ID
	refused []RefusedEvent
	taken   []interview.Event // to be kept as late ones
}

func (o *outcome) refuse(e interview.Event, why error) {
	o.refused = append(o.refused, RefusedEvent{Interview: e.Interview, Seq: e.Seq, Err: why})
}

// err is Commit's answer.
func (o *outcome) err() error {
	var errs []error
	if len(o.stale) > 0 {
		slices.Sort(o.stale)
		errs = append(errs, &interview.StaleFenceError{Interviews: slices.Compact(o.stale)})
	}
	if len(o.refused) > 0 {
		slices.SortStableFunc(o.refused, func(a, b RefusedEvent) int {
			return cmp.Or(cmp.Compare(a.Interview, b.Interview), cmp.Compare(a.Seq, b.Seq))
		})
		errs = append(errs, &RefusedError{Events: o.refused})
	}
	return errors.Join(errs...)
}

// SQLSTATE classes of errors that lie in what is stored (PostgreSQL, appendix A).
// All others may go away: connections, locks, serialization, space, a server that
// only reads.
const (
	classData       = "22"
	classConstraint = "23"
	classLimit      = "54"
)

// dataRefusal is what the database found wrong with the content; nil when err is
// about something else. The database's own words may quote the content, so only
// the code and the name of a constraint are taken over.
func dataRefusal(err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || len(pg.Code) != 5 {
		return nil
	}
	switch pg.Code[:2] {
	case classData, classConstraint, classLimit:
	default:
		return nil
	}
	what := "SQLSTATE " + pg.Code
	if pg.ConstraintName != "" {
		what += ", constraint " + pg.ConstraintName
	}
	return fmt.Errorf("%w: %s", ErrDatabaseRefuses, what)
}

// bisect tries items together, and when the database refuses their content in
// ever smaller parts, in order, until each refused one is alone: then single gets
// it. An error that is not about content ends it; what was tried before is done.
func bisect[T any](items []T, try func([]T) error, single func(T, error) error) error {
	err := try(items)
	if err == nil {
		return nil
	}
	why := dataRefusal(err)
	switch {
	case why == nil:
		return err
	case len(items) == 1:
		return single(items[0], why)
	}
	half := len(items) / 2
	if err := bisect(items[:half], try, single); err != nil {
		return err
	}
	return bisect(items[half:], try, single)
}

// maxCleaned is how much of a name that can't be kept as it is is kept.
const maxCleaned = 64

// cleaned is a text without what PostgreSQL can't keep, and not long.
func cleaned(text string) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", "\uFFFD"), "\uFFFD")
	if len(text) <= maxCleaned {
		return text
	}
	end := maxCleaned
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}
