package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// poolConnections is enough to keep the cores of a database on the same
	// machine busy; DATABASE_URL can say pool_max_conns.
	poolConnections = 16
	// connectLimit bounds one attempt to connect.
	connectLimit = 5 * time.Second
)

// OpenPool connects to the database at a postgres:// URL and checks that it
// answers. The caller closes the pool.
func OpenPool(ctx context.Context, url string) (*pgxpool.Pool, error) {
	config, err := poolConfig(url, "vantahire")
	if err != nil {
		return nil, err
	}
	return open(ctx, config)
}

// poolConfig reads the URL. The error must not repeat it: it holds a password.
func poolConfig(url, application string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL is not a valid PostgreSQL URL; use postgres://user:password@host:5432/database: %w", err)
	}
	if !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = poolConnections
	}
	prepare(config.ConnConfig, application)
	config.AfterConnect = useUTC
	return config, nil
}

// prepare sets what all our connections have in common.
func prepare(config *pgx.ConnConfig, application string) {
	config.ConnectTimeout = connectLimit
	config.RuntimeParams["application_name"] = application
	config.RuntimeParams["timezone"] = "UTC"
}

// useUTC makes times come back in UTC instead of this machine's zone.
func useUTC(_ context.Context, conn *pgx.Conn) error {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	return nil
}

func open(ctx context.Context, config *pgxpool.Config) (*pgxpool.Pool, error) {
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	return pool, nil
}
