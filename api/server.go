package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/vantahire/vantahire/actors"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/wsaudio"
)

const (
	// jsonLimit is the size of a JSON body (contract section 1.6).
	jsonLimit = 1 << 20
	// headerTimeout bounds how long a client may take to send its request's head.
	headerTimeout = 10 * time.Second
	// idleTimeout closes keep-alive connections nobody uses.
	idleTimeout = 2 * time.Minute
)

// Config is what the edge needs to know.
type Config struct {
	// FrontendURL is the one origin that may call with credentials, APIURL our
	// own; both without a path.
	FrontendURL, APIURL string
	Production          bool
	// DevKey opens the routes of the seeded recruiter; "" closes them.
	DevKey string
	// TestToken lets an end-to-end suite log in as anybody; "" closes that door, and
	// production never opens it (contract section 7.6).
	TestToken string
	// SessionTTL is the life of a login session's cookie.
	SessionTTL time.Duration
	// ConsentWait is how long a candidate may take to agree. Defaults to 5 min.
	ConsentWait time.Duration
	// BodyWait is how long a request's body may take before what has arrived of it
	// earns it more time. Defaults to 15 s.
	BodyWait time.Duration
	Log      *slog.Logger
}

// LiveCalls is what the edge needs of the live interviews.
type LiveCalls interface {
	// Admits reports why an interview can't be held here now, or nil:
	// actors.ErrFull, actors.ErrClosed, *interview.OwnedElsewhereError. It may ask
	// the database, for a second at most, and never for one that is live here.
	Admits(ctx context.Context, id interview.ID) error
	// IsLive reports whether an interview is live in this process. It does not block.
	IsLive(id interview.ID) bool
	// Connect brings a connection to its interview, which takes what it reads.
	Connect(ctx context.Context, info actors.Info, t actors.Transport, typing bool) (wsaudio.Handler, error)
	// Converse brings a written message to its interview and returns the reply to it,
	// when both are durable; empty content asks for the opening. It blocks for as long
	// as a reply takes, and before that for up to 8 s for another process to let go.
	// The turn goes on without a caller that leaves. Errors as of
	// actors.Interviews.Converse.
	Converse(ctx context.Context, info actors.Info, content string) (actors.Answer, error)
	// End ends a live interview for a reason from outside.
	End(id interview.ID, reason interview.EndReason) error
}

// Server is the HTTP edge.
type Server struct {
	cfg      Config
	services Services
	log      *slog.Logger
	http     *http.Server
	sockets  *sockets
	accepted *accepted
	texts    *texts
	handler  http.Handler
	began    time.Time
	document []byte // OpenAPI
	docs     docsPage
	uploads  chan struct{} // a place for each body that is taken
	blind    bool          // the last look for cut calls failed; of whoever watches
}

// New builds the edge; it serves once Serve is called.
func New(cfg Config, services Services) *Server {
	if cfg.ConsentWait == 0 {
		cfg.ConsentWait = 5 * time.Minute
	}
	if cfg.BodyWait == 0 {
		cfg.BodyWait = bodyWait
	}
	s := &Server{
		cfg: cfg, services: services, log: cfg.Log, sockets: newSockets(), accepted: newAccepted(), texts: newTexts(),
		uploads: make(chan struct{}, uploadsAtOnce), began: time.Now(),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /voice/{interviewId}", s.voice)
	if services.Profile != nil {
		mux.Handle("GET /debug/pprof/", services.Profile)
	}
	if services.Metrics != nil {
		mux.Handle("GET /metrics", services.Metrics)
	}
	routes := s.routes()
	var err error
	if s.document, err = document(routes, cfg.APIURL); err == nil {
		s.docs, err = newDocsPage(routes, s.document)
	}
	if err != nil {
		panic(fmt.Sprintf("api: the routes can't be described: %v", err)) // of our own declarations: found by the first test
	}
	for _, r := range routes {
		if r.stream != nil {
			mux.Handle(r.method+" "+muxPath(r.path), r.stream)
		}
	}
	mux.Handle("/", newBridge(s.app(routes), jsonLimit))
	s.handler = s.observe(s.paceBodies(s.secure(s.allowOrigin(s.recoverPanic(s.known(mux))))))
	s.http = &http.Server{
		Handler: s.handler, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug),
	}
	return s
}

// Handler is the whole edge, for tests.
func (s *Server) Handler() http.Handler { return s.handler }

// app is the Fiber app with the REST routes.
func (s *Server) app(routes []declared) *fiber.App {
	app := fiber.New(fiber.Config{
		// Without Immutable, strings a handler keeps are overwritten by the next
		// request.
		Immutable: true, StrictRouting: true, CaseSensitive: true,
		DisableStartupMessage: true, ErrorHandler: s.handleError, BodyLimit: jsonLimit,
	})
	app.Use(useRequestContext)
	for _, r := range routes {
		if r.handle == nil {
			continue // a streamed one
		}
		handlers := []fiber.Handler{s.guard(r.access), r.handle}
		if r.method == http.MethodGet {
			app.Get(r.path, handlers...) // Fiber answers HEAD with it
			continue
		}
		if r.method == http.MethodPost {
			handlers = []fiber.Handler{s.guard(r.access), s.once(r), r.handle}
		}
		app.Add(r.method, r.path, handlers...)
	}
	app.Use(func(*fiber.Ctx) error { return errNotFoundRoute })
	return app
}

// routes are all REST routes. Fixed paths stand before those with parameters.
func (s *Server) routes() []declared {
	return slices.Concat(
		s.healthRoutes(), s.authRoutes(), s.userRoutes(), s.keyRoutes(), s.candidateRoutes(), s.interviewRoutes(), s.planRoutes(),
		s.jobRoutes(), s.applicationRoutes(), s.notificationRoutes(), s.adminRoutes(), s.adminJobRoutes(), s.fileRoutes(),
		s.userRowRoutes(), s.docsRoutes(),
	)
}

// muxPath turns a path of Fiber's form into one of net/http's.
func muxPath(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if name, ok := strings.CutPrefix(part, ":"); ok {
			parts[i] = "{" + name + "}"
		}
	}
	return strings.Join(parts, "/")
}

// Serve answers requests on l until Shutdown, and then returns nil.
func (s *Server) Serve(l net.Listener) error {
	if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// Shutdown stops accepting, says goodbye to the open voice sockets (1001), lets
// requests finish and returns when all is closed or ctx ends.
func (s *Server) Shutdown(ctx context.Context) error {
	s.sockets.closeAll()
	err := s.http.Shutdown(ctx)
	if werr := s.sockets.wait(ctx); err == nil {
		err = werr
	}
	if err != nil {
		_ = s.http.Close()
		return fmt.Errorf("shut the edge down: %w", err)
	}
	return nil
}

// loopback reports whether a request came from this machine.
func loopback(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && net.ParseIP(host).IsLoopback() && r.Header.Get("X-Forwarded-For") == ""
}

// OnlyLoopback hides a handler from other machines.
func OnlyLoopback(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopback(r) {
			writeError(w, http.StatusNotFound, errNotFoundRoute.message)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func bearer(header string) string {
	if scheme, value, ok := strings.Cut(header, " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(value)
	}
	return ""
}
