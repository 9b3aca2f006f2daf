package app

import (
	"context"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/store"
)

// openKeys wires the API keys and the log of their uses.
func (a *App) openKeys(ctx context.Context) error {
	a.services.Keys = hiring.NewKeys(store.NewKeys(a.pool))
	logs := store.NewKeyLogs(ctx, a.pool, a.log)
	a.services.KeyLog = logs.Add
	a.keyLogs = logs
	a.onClose("key log", logs.Close)
	return nil
}
