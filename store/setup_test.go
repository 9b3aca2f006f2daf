package store

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/store/embedded"
)

// server is the tests' own PostgreSQL, template a migrated database in it.
var (
	server *embedded.Postgres
	serial atomic.Int64
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "vantahire-store-")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.Chmod(dir, 0o755); err != nil { // the server runs as another user when we are root
		panic(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	server, err = embedded.Start(ctx, embedded.Options{DataDir: dir + "/pg"})
	if err != nil {
		panic(err)
	}
	defer func() {
		stop, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := server.Stop(stop); err != nil {
			panic(err)
		}
	}()
	if err := Migrate(ctx, server.URL()); err != nil {
		panic(err)
	}
	return m.Run()
}

// database clones the migrated database for one test and returns its URL.
func database(t *testing.T) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", serial.Add(1))
	config, err := pgx.ParseConfig(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	template := config.Database
	admin := config.Copy()
	admin.Database = "postgres"
	exec := func(sql string) {
		conn, err := pgx.ConnectConfig(context.Background(), admin)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(context.Background()) }()
		if _, err := conn.Exec(context.Background(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec("CREATE DATABASE " + name + " TEMPLATE " + template + " STRATEGY file_copy")
	t.Cleanup(func() { exec("DROP DATABASE " + name + " WITH (FORCE)") })
	return fmt.Sprintf("postgres:///%s?host=%s&user=%s", name, config.Host, config.User)
}

func pool(t *testing.T) *pgxpool.Pool {
	t.Helper()
	p, err := OpenPool(t.Context(), database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	if err := SeedDevelopment(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	for _, id := range []interview.ID{textInterview, voiceInterview} {
		row, link := newInterview(string(id))
		if err := NewInterviews(p).Create(t.Context(), row, link); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func ledgerOf(t *testing.T, p *pgxpool.Pool) *Ledger {
	t.Helper()
	c := p.Config().ConnConfig
	l, err := OpenLedger(t.Context(), fmt.Sprintf("postgres:///%s?host=%s&user=%s", c.Database, c.Host, c.User), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}
