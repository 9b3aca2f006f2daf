package app

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/vantahire/vantahire/store"
	"github.com/vantahire/vantahire/store/embedded"
)

// dataDir is where the private database and the development key live.
func (a *App) dataDir() (string, error) {
	if dir := a.cfg.Storage.DataDir; dir != "" {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return "", fmt.Errorf("VANTAHIRE_DATA_DIR: %w", err)
		}
		return abs, nil
	}
	pg, err := embedded.DefaultDataDir()
	if err != nil {
		return "", err
	}
	return filepath.Dir(pg), nil
}

// openDatabase connects to the configured PostgreSQL, or runs a private one, and
// brings its schema up to date.
func (a *App) openDatabase(ctx context.Context) error {
	url := a.cfg.Storage.DatabaseURL.Reveal()
	if url == "" {
		dir, err := a.dataDir()
		if err != nil {
			return err
		}
		pg, err := embedded.Start(ctx, embedded.Options{
			DataDir: filepath.Join(dir, "pg"), BinDir: a.cfg.Storage.PostgresBin, Fsync: true, Logger: a.log,
		})
		if err != nil {
			return err
		}
		a.onClose("private database", pg.Stop)
		a.private = pg
		url = pg.URL()
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := store.Migrate(ctx, url); err != nil {
		return err
	}
	pool, err := store.OpenPool(ctx, url)
	if err != nil {
		return err
	}
	a.pool, a.databaseURL = pool, url
	a.onClose("database pool", func(context.Context) error { pool.Close(); return nil })
	if a.cfg.Server.Production() {
		return nil
	}
	return store.SeedDevelopment(ctx, pool)
}

// openRedis connects to the configured Redis, or runs one in the process. A Redis
// that is away stops nothing: only /health tells.
func (a *App) openRedis(ctx context.Context) error {
	url := a.cfg.Storage.RedisURL.Reveal()
	if url == "" {
		r, err := embedded.StartRedis(context.WithoutCancel(ctx), embedded.RedisOptions{})
		if err != nil {
			return err
		}
		a.onClose("private redis", func(context.Context) error { r.Stop(); return nil })
		url = r.URL()
	}
	client, err := store.NewRedis(url)
	if err != nil {
		return err
	}
	a.redis = client
	a.onClose("redis", func(context.Context) error { return client.Close() })
	return nil
}
