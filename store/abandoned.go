package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vantahire/vantahire/interview"
)

// selectAbandoned: the heartbeat of an owner row is the time of its last batch,
// claim or release.
const selectAbandoned = `
	SELECT o.interview FROM interview_owner o JOIN "Interview" i ON i.id = o.interview
	WHERE i.status = 'IN_PROGRESS' AND i.type = 'VOICE' AND o.last_seq > 0 AND o.heartbeat < now() - $1::interval
		AND NOT EXISTS (SELECT FROM live_process p WHERE p.owner = o.owner AND p.owner <> $3 AND p.heartbeat > now() - $2::interval)
		AND NOT EXISTS (SELECT FROM interview_end e WHERE e.interview = o.interview)
	ORDER BY o.heartbeat LIMIT 100`

// Abandoned returns spoken interviews, 100 at most, that are in progress, that no
// living process but perhaps owner holds, and of which nothing was stored for as long
// as quiet: their candidates did not come back after a restart, or owner could not
// give them back.
func (l *Ledger) Abandoned(ctx context.Context, owner string, quiet time.Duration) ([]interview.ID, error) {
	if err := l.claims.enter(ctx); err != nil {
		return nil, fmt.Errorf("look for abandoned interviews: %w", err)
	}
	defer l.claims.leave()
	rows, err := l.pool.Query(ctx, selectAbandoned, quiet, Lapse, owner)
	if err != nil {
		return nil, fmt.Errorf("look for abandoned interviews: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[interview.ID])
	if err != nil {
		return nil, fmt.Errorf("look for abandoned interviews: %w", err)
	}
	return ids, nil
}
