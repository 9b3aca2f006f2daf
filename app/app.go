package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/vantahire/vantahire/actors"
	"github.com/vantahire/vantahire/api"
	"github.com/vantahire/vantahire/configs"
	"github.com/vantahire/vantahire/engine"
	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/jobs"
	"github.com/vantahire/vantahire/providers/fallback"
	"github.com/vantahire/vantahire/providers/local"
	"github.com/vantahire/vantahire/realtime"
	"github.com/vantahire/vantahire/store"
	"github.com/vantahire/vantahire/store/embedded"
	"github.com/vantahire/vantahire/store/journal"
)

// startTimeout bounds each step of the start that talks to a server.
const startTimeout = 60 * time.Second

// errDatabaseGone indicates a private database that can't be brought back.
var errDatabaseGone = errors.New("the private database is gone")

// App is the running program.
type App struct {
	cfg      configs.Config
	log      *slog.Logger
	pool     *pgxpool.Pool
	redis    *redis.Client
	engine   *engine.System
	speech   *local.Speech
	circuits *fallback.Circuits
	stt      actors.Transcriber // nil: candidates type
	tts      actors.Synthesizer // nil: candidates read
	chat     actors.Chat
	spare    actors.Chat  // words without a model
	losses   atomic.Int64 // requests to models whose answer came too late
	journal  *journal.Journal
	ledger   *store.Ledger
	orphans  *orphans
	owner    string // names this process in the ledger
	calls    *actors.Interviews
	hiring   *hiring.Service
	services api.Services // of the edge, as they are opened
	keyLogs  *store.KeyLogs
	bus      *realtime.Bus
	jobs     *jobs.Client // nil when they are switched off
	server   *api.Server
	listener net.Listener
	lateness prometheus.Histogram
	meter    *meter
	devKey   string
	private  *embedded.Postgres // nil when DATABASE_URL names a server

	stopping     atomic.Bool
	databaseAway atomic.Bool // as far as the last probe knows

	databaseURL string
	// SpeechCommand starts a local speech worker; empty means this executable.
	SpeechCommand []string
	closers       []closer // in the order they were opened
}

// closer stops one part; ctx bounds it.
type closer struct {
	name  string
	close func(ctx context.Context) error
}

// New starts every part but serves nobody yet. On an error what was started is
// stopped again.
func New(ctx context.Context, cfg configs.Config, log *slog.Logger, options ...func(*App)) (_ *App, err error) {
	a := &App{cfg: cfg, log: log, lateness: newTickerLateness(), meter: newMeter()}
	for _, o := range options {
		o(a)
	}
	defer func() {
		if err != nil {
			stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), cfg.Server.StopTimeout)
			defer cancel()
			err = errors.Join(err, a.Close(stop))
		}
	}()
	for _, step := range []struct {
		name  string
		start func(context.Context) error
	}{
		{"listen", a.listen},
		{"database", a.openDatabase},
		{"redis", a.openRedis},
		{"development key", a.prepareDevKey},
		{"local speech", a.openSpeech},
		{"providers", a.openProviders},
		{"ledger", a.openLedger},
		{"interviews", a.openInterviews},
		{"services", a.openServices},
		{"jobs", a.openJobs},
		{"edge", a.openEdge},
	} {
		began := time.Now()
		if err := step.start(ctx); err != nil {
			return nil, fmt.Errorf("start %s: %w", step.name, err)
		}
		log.Debug("started", "part", step.name, "took", time.Since(began))
	}
	return a, nil
}

// listen takes the port first: a second server on it is told at once, before it
// touches anything.
func (a *App) listen(ctx context.Context) error {
	address := net.JoinHostPort(a.cfg.Server.Host, strconv.Itoa(a.cfg.Server.Port))
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("PORT is %d and can't be used; stop what uses it or choose another: %w", a.cfg.Server.Port, err)
	}
	a.listener = l
	a.onClose("listener", func(context.Context) error {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	return nil
}

// onClose registers what stops a part; the last started is stopped first.
func (a *App) onClose(name string, f func(context.Context) error) {
	a.closers = append(a.closers, closer{name, f})
}

// URL is where the server listens.
func (a *App) URL() string { return "http://" + a.listener.Addr().String() }

// DevKey opens the routes for developers; "" when there is none.
func (a *App) DevKey() string { return a.devKey }

// Run serves until ctx ends, the listener fails, or the private database is gone
// for good: without it nothing can be kept, and whoever starts the program again
// gets a fresh one.
func (a *App) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	serving := make(chan error, 1)
	go func() { serving <- a.server.Serve(a.listener) }()
	sweeping := make(chan struct{})
	go func() {
		defer close(sweeping)
		a.upkeep(ctx)
	}()
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		a.server.Watch(ctx)
	}()
	probing := make(chan struct{})
	go func() {
		defer close(probing)
		a.probeDatabase(ctx)
	}()
	ticking := make(chan struct{})
	go func() {
		defer close(ticking)
		watchTicker(ctx, a.lateness)
	}()
	var (
		err  error
		lost <-chan struct{}
	)
	if a.private != nil {
		lost = a.private.Done()
	}
	select {
	case err = <-serving:
	case <-lost:
		err = fmt.Errorf("%w: %w", errDatabaseGone, cmp.Or(a.private.Err(), embedded.ErrExited))
	case <-ctx.Done():
	}
	cancel()
	<-sweeping
	<-watching
	<-probing
	<-ticking
	return err
}

// Close stops every part in the reverse order of their start, all within ctx:
// the candidates of interviews that are still live are told to come back
// elsewhere, and what was said is made durable before the database goes. It may be
// called once, also after a failed New.
func (a *App) Close(ctx context.Context) error {
	var errs []error
	for i := len(a.closers) - 1; i >= 0; i-- {
		c := a.closers[i]
		within, cancel := share(ctx)
		err := c.close(within)
		cancel()
		if err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", c.name, err))
		}
	}
	a.closers = nil
	return errors.Join(errs...)
}

// Bus carries the live events.
func (a *App) Bus() *realtime.Bus { return a.bus }
