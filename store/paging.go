package store

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vantahire/vantahire/hiring"
)

// listing is a list as SQL. The texts are ours, never a client's.
type listing struct {
	columns string // what each row has, for its scan
	from    string // tables with their joins
	where   string // "" = all; its parameters are $1, $2, ... of args
	args    []any
	at, id  string // the columns that order it: newest first unless oldest is set
	updated string // the column UpdatedAfter looks at; "" ignores it
	oldest  bool
}

// maxPage keeps what a page skips within what the database counts with.
const maxPage = 1 << 40

// listPage reads a part of a list. place tells a row's place in the order, which is
// that of at and id, so rows of the same moment have one, too. hiring.ErrCursor: the
// cursor is none of ours.
func listPage[T any](ctx context.Context, pool *pgxpool.Pool, l listing, q hiring.PageQuery, scan pgx.RowToFunc[T], place func(T) (time.Time, string)) (hiring.Page[T], error) {
	var none hiring.Page[T]
	where, args := "true", l.args
	if l.where != "" {
		where = "(" + l.where + ")"
	}
	param := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	if q.UpdatedAfter != nil && l.updated != "" {
		where += " AND " + l.updated + " > " + param(*q.UpdatedAfter)
	}
	var all pgx.Batch
	all.Queue("SELECT count(*) FROM "+l.from+" WHERE "+where, args[:len(args):len(args)]...)
	order, beyond := "DESC", "<"
	if l.oldest {
		order, beyond = "ASC", ">"
	}
	skip := ""
	if q.Cursor != "" {
		at, id, ok := parseCursor(q.Cursor)
		if !ok {
			return none, hiring.ErrCursor
		}
		where += fmt.Sprintf(" AND (%s, %s) %s (%s::timestamptz, %s::text)", l.at, l.id, beyond, param(at), param(id))
	} else if q.Page > 1 {
		skip = " OFFSET " + param(int64(min(q.Page-1, maxPage/max(1, q.Limit)))*int64(q.Limit))
	}
	all.Queue(fmt.Sprintf("SELECT %s FROM %s WHERE %s ORDER BY %s %s, %s %s LIMIT %s%s",
		l.columns, l.from, where, l.at, order, l.id, order, param(q.Limit+1), skip), args...)
	results := pool.SendBatch(ctx, &all)
	defer func() { _ = results.Close() }()
	page := none
	if err := results.QueryRow().Scan(&page.Total); err != nil {
		return none, err
	}
	rows, err := results.Query()
	if err != nil {
		return none, err
	}
	if page.Rows, err = pgx.CollectRows(rows, scan); err != nil {
		return none, err
	}
	if len(page.Rows) > q.Limit {
		page.Rows = page.Rows[:q.Limit]
		page.NextCursor = formatCursor(place(page.Rows[q.Limit-1]))
	}
	return page, nil
}

// A cursor is the place of a row: its moment in microseconds and its id.
func formatCursor(at time.Time, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(at.UnixMicro(), 36) + "." + id))
}

func parseCursor(cursor string) (at time.Time, id string, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(raw) > 200 {
		return at, "", false
	}
	micros, id, found := strings.Cut(string(raw), ".")
	n, err := strconv.ParseInt(micros, 36, 64)
	if err != nil || !found || !known(id) || n < 0 || n > 1<<53 {
		return at, "", false
	}
	return time.UnixMicro(n).UTC(), id, true
}

// likePattern finds text anywhere: what has a meaning in LIKE stands for itself.
func likePattern(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}
