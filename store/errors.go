package store

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/vantahire/vantahire/hiring"
)

// SQLSTATE codes that mean something to the caller (PostgreSQL, appendix A).
const (
	foreignKeyViolation = "23503"
	uniqueViolation     = "23505"
)

// wrap names the operation and the row, and gives the errors of the database the
// names of package hiring.
func wrap(op, id string, err error) error {
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgx.ErrNoRows):
		err = hiring.ErrNotFound
	case errors.As(err, &pg) && pg.Code == foreignKeyViolation:
		err = fmt.Errorf("%w: %s", hiring.ErrNotFound, pg.ConstraintName)
	case errors.As(err, &pg) && pg.Code == uniqueViolation:
		err = fmt.Errorf("%w: %s", hiring.ErrConflict, pg.ConstraintName)
	}
	return fmt.Errorf("%s %s: %w", op, id, err)
}

// What PostgreSQL can't keep in a text.
const (
	notUTF8 = "it is not valid UTF-8"
	hasNUL  = "it contains a NUL character"
)

// field is a text on its way into the database.
type field struct{ name, text string }

// checkTexts refuses the first text that PostgreSQL would refuse, by its name.
func checkTexts(fields ...field) error {
	for _, f := range fields {
		if reason := unfit(f.text); reason != "" {
			return &hiring.TextError{Field: f.name, Reason: reason}
		}
	}
	return nil
}

// unfit says why a text can't be stored; it is empty for one that can.
func unfit(text string) string {
	switch {
	case !utf8.ValidString(text):
		return notUTF8
	case strings.IndexByte(text, 0) >= 0:
		return hasNUL
	}
	return ""
}

// known is false for an id or token that no row can have. Such values come from
// outside, and "not found" is the answer to them.
func known(id string) bool { return unfit(id) == "" }

// orEmpty is the text of a column that may be null.
func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
