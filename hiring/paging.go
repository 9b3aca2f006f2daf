package hiring

import "time"

// PageQuery asks for a part of a list (contract section 1.4). Cursor, when it is
// set, wins over Page: it goes on behind the row it stands for, whatever was added
// meanwhile.
type PageQuery struct {
	Page, Limit int // from 1
	Cursor      string
	// UpdatedAfter leaves out rows that have not changed since.
	UpdatedAfter *time.Time
}

// Page is a part of a list.
type Page[T any] struct {
	Rows  []T
	Total int // of the whole list
	// NextCursor continues behind the last row; empty at the list's end.
	NextCursor string
}

// ErrCursor is the answer to a cursor that no list has given out.
var ErrCursor = &InvalidError{Fields: map[string][]string{"cursor": {"Invalid"}}}
