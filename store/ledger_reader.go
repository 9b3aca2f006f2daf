package store

import (
	"context"
	"fmt"
	"log/slog"
)

// OpenReader connects to a ledger for reading records: it changes nothing, beside
// whatever server writes it, and needs no more than the right to read. Every call
// but Record and Close fails. Close it.
func OpenReader(ctx context.Context, url string) (*Ledger, error) {
	config, err := poolConfig(url, "vantahire-reader")
	if err != nil {
		return nil, err
	}
	config.MaxConns = 1
	config.ConnConfig.RuntimeParams["default_transaction_read_only"] = "on"
	pool, err := open(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the ledger for reading: %w", err)
	}
	return &Ledger{
		pool: pool, log: slog.New(slog.DiscardHandler),
		batches: make(lane, 1), claims: make(lane, 1), pulse: newPulse(config.ConnConfig),
	}, nil
}
