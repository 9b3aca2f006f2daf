package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// pulseClose bounds the goodbye to a connection.
const pulseClose = 2 * time.Second

// pulse is the connection of the heartbeat. It is outside of the pool: there, a
// connection that a timeout has broken keeps its place for many seconds, and after a
// network that hung a process must be heard at once. Goroutine-safe.
type pulse struct {
	config *pgx.ConnConfig
	turn   lane
	conn   *pgx.Conn // nil: none; owned by who is in turn
}

func newPulse(config *pgx.ConnConfig) *pulse {
	return &pulse{config: config.Copy(), turn: make(lane, 1)}
}

// exec runs a statement within ctx, on a new connection when the last one broke.
func (p *pulse) exec(ctx context.Context, sql string, args ...any) error {
	if err := p.turn.enter(ctx); err != nil {
		return err
	}
	defer p.turn.leave()
	if p.conn == nil || p.conn.IsClosed() {
		conn, err := pgx.ConnectConfig(ctx, p.config)
		if err != nil {
			return err
		}
		p.conn = conn
	}
	_, err := p.conn.Exec(ctx, sql, args...)
	return err
}

// close says goodbye.
func (p *pulse) close() {
	ctx, cancel := context.WithTimeout(context.Background(), pulseClose)
	defer cancel()
	if p.turn.enter(ctx) != nil {
		return
	}
	defer p.turn.leave()
	if p.conn != nil {
		_ = p.conn.Close(ctx)
		p.conn = nil
	}
}
