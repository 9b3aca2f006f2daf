// Package migrations holds the database schema as numbered SQL files, which
// store.Migrate applies in order. A file that was released is never edited; a
// change is a new file. There is no way down: an older program refuses a newer
// schema instead.
package migrations

import "embed"

// FS holds the files.
//
//go:embed *.sql
var FS embed.FS
