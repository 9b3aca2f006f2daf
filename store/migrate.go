package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/vantahire/vantahire/store/migrations"
)

// migrationLock is the advisory lock that lets one process at a time change the
// schema. The number means nothing; it must stay the same in all versions.
const migrationLock = 0x76616e7461 // "vanta"

// oldestServer is PostgreSQL 14 as server_version_num.
const oldestServer = 140000

// closeLimit bounds the goodbye on a connection whose ctx has ended.
const closeLimit = 2 * time.Second

var (
	// ErrSchemaTooNew says that a newer version of the program has been here.
	ErrSchemaTooNew = errors.New("the database schema is newer than this program")
	// ErrServerTooOld says that the server is older than PostgreSQL 14.
	ErrServerTooOld = errors.New("the database server is too old")
)

// Migrate brings the schema of the database up to date, and that of the job queue
// beside it. Processes that start at the same time wait for each other. It goes
// forward only: ErrSchemaTooNew when the schema is ahead of this program.
func Migrate(ctx context.Context, url string) error {
	config, err := poolConfig(url, "vantahire-migrate")
	if err != nil {
		return err
	}
	guard, err := pgx.ConnectConfig(ctx, config.ConnConfig)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer func() { // gives the lock up as well
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeLimit)
		defer cancel()
		_ = guard.Close(bye)
	}()
	var server int
	if err := guard.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&server); err != nil {
		return fmt.Errorf("ask the database for its version: %w", err)
	}
	if server < oldestServer {
		return fmt.Errorf("%w: it is PostgreSQL %d; DATABASE_URL must name one of version %d or newer", ErrServerTooOld, server/10000, oldestServer/10000)
	}
	if _, err := guard.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock)); err != nil {
		return fmt.Errorf("wait for the schema lock: %w", err)
	}
	return migrate(ctx, *config.ConnConfig)
}

// migrate applies what is missing; the caller holds the lock.
func migrate(ctx context.Context, config pgx.ConnConfig) (err error) {
	db := stdlib.OpenDB(config)
	defer func() { err = errors.Join(err, db.Close()) }()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	current, newest, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("ask the database for its schema version: %w", err)
	}
	if current > newest {
		return fmt.Errorf("%w: it is version %d and this program knows %d; start the newer program", ErrSchemaTooNew, current, newest)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the schema from version %d to %d: %w", current, newest, err)
	}
	return migrateJobs(ctx, config)
}

// migrateJobs brings the tables of the job queue up to date, which are River's own.
func migrateJobs(ctx context.Context, config pgx.ConnConfig) error {
	pool, err := pgxpool.ParseConfig("")
	if err != nil {
		return fmt.Errorf("connect for the job queue: %w", err)
	}
	pool.ConnConfig, pool.MaxConns = &config, 1
	p, err := pgxpool.NewWithConfig(ctx, pool)
	if err != nil {
		return fmt.Errorf("connect for the job queue: %w", err)
	}
	defer p.Close()
	migrator, err := rivermigrate.New(riverpgxv5.New(p), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("read the migrations of the job queue: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate the job queue: %w", err)
	}
	return nil
}
