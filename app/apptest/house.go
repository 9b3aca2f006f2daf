package apptest

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vantahire/vantahire/app"
	"github.com/vantahire/vantahire/configs"
	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/realtime"
	"github.com/vantahire/vantahire/store/testdb"
)

const (
	// TestToken opens POST /auth/test-login.
	TestToken = "test-token-0123456789"
	// Frontend is the one origin that may call with credentials.
	Frontend = "http://frontend.test:8080"
	// DevKey is the development key.
	DevKey = "dev-key-0123456789abcdefghij"

	stopLimit = 20 * time.Second
)

// House is a running product.
type House struct {
	T    testing.TB
	App  *app.App
	Pool *pgxpool.Pool // on its database
	// DatabaseURL and RedisURL let a second product run on the same.
	DatabaseURL, RedisURL string

	stop context.CancelFunc
	done chan error
}

var users atomic.Int64

// Open starts the product on a fresh database and Redis, without speech and without
// accounts at providers. It ends with the test. Pairs of settings override.
func Open(t testing.TB, settings ...string) *House {
	t.Helper()
	return Beside(t, testdb.New(t), testdb.Redis(t), settings...)
}

// Beside starts the product on a given database and Redis: a second process.
func Beside(t testing.TB, databaseURL, redisURL string, settings ...string) *House {
	t.Helper()
	env := map[string]string{
		"PORT": "0", "VANTAHIRE_DATA_DIR": t.TempDir(), "DATABASE_URL": databaseURL, "REDIS_URL": redisURL,
		"VANTAHIRE_LOCAL_CALLS": "0", "E2E_AUTH_TOKEN": TestToken, "FRONTEND_URL": Frontend, "VANTAHIRE_DEV_KEY": DevKey, "VANTAHIRE_VAD": "energy",
	}
	for i := 0; i+1 < len(settings); i += 2 {
		env[settings[i]] = settings[i+1]
	}
	cfg, err := configs.Load(func(key string) (string, bool) {
		v, set := env[key]
		return v, set
	})
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), cfg, slog.New(slog.NewTextHandler(writer{t}, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	h := &House{T: t, App: a, DatabaseURL: databaseURL, RedisURL: redisURL, stop: cancel, done: make(chan error, 1)}
	go func() { h.done <- a.Run(ctx) }()
	t.Cleanup(h.Close)
	if h.Pool, err = pgxpool.New(ctx, databaseURL); err != nil {
		t.Fatal(err)
	}
	return h
}

// Close stops the product in good order; a second time it does nothing.
func (h *House) Close() {
	h.T.Helper()
	if h.stop == nil {
		return
	}
	h.stop()
	h.stop = nil
	if err := <-h.done; err != nil {
		h.T.Errorf("run: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	if err := h.App.Close(ctx); err != nil {
		h.T.Errorf("close: %v", err)
	}
	h.Pool.Close()
}

// Nobody is a client without credentials.
func (h *House) Nobody() *Client {
	return &Client{t: h.T, base: h.App.URL(), Headers: map[string]string{}}
}

// Recruiter is a client with the session of a new recruiter.
func (h *House) Recruiter() *Client { return h.Login(hiring.RoleRecruiter) }

// Candidate is a client with the session of a new candidate.
func (h *House) Candidate() *Client { return h.Login(hiring.RoleCandidate) }

// Admin is a client with the session of a new administrator.
func (h *House) Admin() *Client { return h.Login(hiring.RoleAdmin) }

// Login is a client with the session of a new user.
func (h *House) Login(role hiring.UserRole) *Client {
	h.T.Helper()
	return h.LoginAs(fmt.Sprintf("user%d@example.com", users.Add(1)), role)
}

// LoginAs is a client with a session of the user with the address.
func (h *House) LoginAs(email string, role hiring.UserRole) *Client {
	h.T.Helper()
	c := h.Nobody()
	a := c.Do("POST", "/auth/test-login", fmt.Sprintf(`{"email":%q,"role":%q,"fullName":"Test Person"}`, email, role), "X-Test-Token", TestToken)
	a.Want(200)
	c.UserID, c.Email = a.Str("id"), email
	for _, cookie := range a.Cookies {
		if cookie.Name == "session" {
			c.Session = cookie.Value
		}
	}
	if c.Session == "" {
		h.T.Fatal("the login gave no session")
	}
	c.Headers["Cookie"] = "session=" + c.Session
	return c
}

// Link is a client with an interview token.
func (h *House) Link(token string) *Client {
	c := h.Nobody()
	c.Headers["X-Interview-Token"] = token
	return c
}

// Key is a client with an API key.
func (h *House) Key(key string) *Client {
	c := h.Nobody()
	c.Headers["Authorization"] = "Bearer " + key
	return c
}

// Follow receives the events of topics from now on; the test's end ends it.
func (h *House) Follow(topics ...string) *realtime.Follower {
	f := h.App.Bus().Follow(0, topics...)
	h.T.Cleanup(f.Close)
	return f
}

// writer puts the product's warnings into the test's log while it runs.
type writer struct{ t testing.TB }

func (w writer) Write(p []byte) (int, error) {
	if w.t.Context().Err() == nil {
		w.t.Logf("%s", p)
	}
	return len(p), nil
}
