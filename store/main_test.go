package store_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/goleak"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/store"
	"github.com/vantahire/vantahire/store/testdb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bundle is a database with the accounts for development, and everything that
// works on it.
type bundle struct {
	url        string
	pool       *pgxpool.Pool
	interviews *store.Interviews
	sessions   *store.Sessions
	consents   *store.Consents
	users      *store.Users
}

func setup(t testing.TB) *bundle {
	t.Helper()
	return setupOn(t, testdb.New(t))
}

func setupOn(t testing.TB, url string) *bundle {
	t.Helper()
	pool, err := store.OpenPool(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if err := store.SeedDevelopment(context.Background(), pool); err != nil {
		t.Fatal(err)
	}
	return &bundle{
		url: url, pool: pool,
		interviews: store.NewInterviews(pool), sessions: store.NewSessions(pool),
		consents: store.NewConsents(pool), users: store.NewUsers(pool),
	}
}

// ledger opens a ledger on the bundle's database.
func (b *bundle) ledger(t testing.TB) *store.Ledger {
	t.Helper()
	return b.open(t, store.LedgerOptions{})
}

func (b *bundle) open(t testing.TB, o store.LedgerOptions) *store.Ledger {
	t.Helper()
	l, err := store.OpenLedger(context.Background(), b.url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// exec changes the database behind everybody's back.
func (b *bundle) exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	if _, err := b.pool.Exec(context.Background(), sql, args...); err != nil {
		t.Fatalf("%s: %v", strings.TrimSpace(sql), err)
	}
}

// hold locks a row and stays idle in its transaction, as a process that is stopped
// would. The session has no limit of its own. free ends it.
func (b *bundle) hold(t testing.TB, sql string, args ...any) (free func()) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), b.url)
	if err != nil {
		t.Fatal(err)
	}
	free = sync.OnceFunc(func() { _ = conn.Close(context.Background()) })
	t.Cleanup(free)
	if _, err = conn.Exec(context.Background(), "BEGIN"); err == nil {
		_, err = conn.Exec(context.Background(), sql, args...)
	}
	if err != nil {
		t.Fatal(err)
	}
	return free
}

// logged is what was logged, for tests to look at.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logged) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// interview stores a fresh interview and returns its id.
func (b *bundle) interview(t testing.TB) interview.ID {
	t.Helper()
	row, link := newInterview()
	if err := b.interviews.Create(context.Background(), row, link); err != nil {
		t.Fatal(err)
	}
	return row.ID
}

// newInterview is an interview with the fewest columns set, and its link.
func newInterview() (hiring.Interview, hiring.Session) {
	row := hiring.Interview{
		ID: interview.ID(uuid.NewString()), RecruiterID: store.DevelopmentRecruiter,
		CandidateEmail: "ada@example.com", JobRole: "Engineer", TimeLimitMinutes: 30,
	}
	return row, hiring.Session{ID: uuid.NewString(), InterviewID: row.ID, Token: rand.Text(), ExpiresAt: now().Add(time.Hour)}
}

// now has the precision of the database.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

func ptr[T any](v T) *T { return &v }

// scan reads one value.
func scan[T any](t testing.TB, b *bundle, sql string, args ...any) T {
	t.Helper()
	var v T
	if err := b.pool.QueryRow(context.Background(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", strings.TrimSpace(sql), err)
	}
	return v
}

// unfit are texts PostgreSQL can't keep.
var unfit = map[string]string{"a NUL": "a\x00b", "half a character": "caf\xc3", "a lone byte": "\xff"}
