package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/vantahire/vantahire/actors"
	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/hiring/hiringtest"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceproto"
	"github.com/vantahire/vantahire/media/wsaudio"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/valyala/fasthttp.updateServerDate.func1"))
}

const (
	testKey      = "test-key-0123456789abcdefghij"
	testFrontend = "http://frontend.test"
)

// bundle is a running edge on loopback with its fakes.
type bundle struct {
	t        *testing.T
	server   *Server
	http     *httptest.Server
	memory   *hiringtest.Memory
	calls    *fakeCalls
	events   *events
	sick     error
	ready    []string     // why the server is not
	hang     atomic.Bool  // the database does not answer
	asked    atomic.Int64 // questions to the database that hung
	patience atomic.Int64 // how long the last of them was going to wait, in ns
}

func setup(t *testing.T, change ...func(*Config)) *bundle {
	t.Helper()
	b := &bundle{t: t, memory: hiringtest.NewMemory(), calls: &fakeCalls{}, events: &events{}}
	log := slog.New(slog.DiscardHandler)
	repos := b.memory.Repositories()
	repos.Sessions, repos.Consents = hangingSessions{repos.Sessions, b}, hangingConsents{repos.Consents, b}
	service := hiring.NewService(repos, b.events, hiring.Options{
		FrontendURL: testFrontend, LinkTTL: 7 * 24 * time.Hour, Consent: hiring.ConsentRequired,
		CheckPlan: func(raw []byte) error {
			if strings.Contains(string(raw), "bad") {
				return errors.New("questions has 0 entries; use 1 to 30")
			}
			return nil
		}, Log: log,
	})
	cfg := Config{FrontendURL: testFrontend, APIURL: "http://api.test", DevKey: testKey, Log: log}
	for _, f := range change {
		f(&cfg)
	}
	b.server = New(cfg, Services{
		Hiring: service, Calls: b.calls, Accounts: hiring.NewAccounts(repos.Users, noLogins{}, nil),
		Describe: func(row hiring.Interview) (actors.Info, error) {
			return actors.Info{ID: row.ID, JobRole: row.JobRole}, nil
		},
		Healthy: func(context.Context) error { return b.sick },
		Ready:   func() []string { return b.ready },
	})
	b.http = httptest.NewServer(b.server.Handler())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		b.server.sockets.closeAll()
		if err := b.server.sockets.wait(ctx); err != nil {
			t.Error(err)
		}
		b.http.Close()
	})
	return b
}

// noLogins has no sessions.
type noLogins struct{}

func (noLogins) Open(context.Context, hiring.User) (hiring.Login, error) {
	return hiring.Login{}, errors.ErrUnsupported
}

func (noLogins) Find(context.Context, string) (hiring.Login, error) {
	return hiring.Login{}, hiring.ErrNotFound
}
func (noLogins) Close(context.Context, string) error           { return nil }
func (noLogins) CloseAll(context.Context, string) (int, error) { return 0, nil }

// stuck waits for the end of ctx when the database hangs.
func (b *bundle) stuck(ctx context.Context) error {
	if !b.hang.Load() {
		return nil
	}
	b.asked.Add(1)
	if deadline, ok := ctx.Deadline(); ok {
		b.patience.Store(int64(time.Until(deadline)))
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

// hangingSessions are sessions in a database that may be stopped.
type hangingSessions struct {
	hiring.Sessions

	b *bundle
}

func (s hangingSessions) ByToken(ctx context.Context, token string) (hiring.Session, hiring.Interview, error) {
	if err := s.b.stuck(ctx); err != nil {
		return hiring.Session{}, hiring.Interview{}, err
	}
	return s.Sessions.ByToken(ctx, token)
}

func (s hangingSessions) Standings(ctx context.Context, ids []string) ([]hiring.Standing, error) {
	if err := s.b.stuck(ctx); err != nil {
		return nil, err
	}
	return s.Sessions.Standings(ctx, ids)
}

// hangingConsents are the same for consents.
type hangingConsents struct {
	hiring.Consents

	b *bundle
}

func (c hangingConsents) Get(ctx context.Context, id interview.ID) (hiring.Consent, bool, error) {
	if err := c.b.stuck(ctx); err != nil {
		return hiring.Consent{}, false, err
	}
	return c.Consents.Get(ctx, id)
}

// answer is what came back for a request.
type answer struct {
	status int
	header http.Header
	body   string
}

// do sends a request; header pairs follow the body.
func (b *bundle) do(method, path, body string, header ...string) answer {
	b.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.http.URL+path, reader)
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := b.http.Client().Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(raw)}
}

// asDeveloper sends a request with the development key.
func (b *bundle) asDeveloper(method, path, body string) answer {
	b.t.Helper()
	return b.do(method, path, body, "Authorization", "Bearer "+testKey)
}

// created makes an interview through the API and returns its id and token.
func (b *bundle) created(fields string) (id interview.ID, token string) {
	b.t.Helper()
	a := b.asDeveloper(http.MethodPost, "/interviews", `{"candidateEmail":"a@b.co","jobRole":"Engineer"`+fields+`}`)
	if a.status != http.StatusCreated {
		b.t.Fatalf("create: %d %s", a.status, a.body)
	}
	var row struct {
		ID       interview.ID
		Sessions []struct{ Token string }
	}
	if err := json.Unmarshal([]byte(a.body), &row); err != nil {
		b.t.Fatal(err)
	}
	return row.ID, row.Sessions[0].Token
}

// events collects what hiring publishes.
type events struct {
	mu    sync.Mutex
	names []string
}

func (e *events) Publish(topic hiring.Topic, name string, _ any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.names = append(e.names, string(topic)+" "+name)
}

// fakeCalls is the live side: it notes what reaches it.
type fakeCalls struct {
	mu        sync.Mutex
	refuse    error // new interviews
	over      bool  // nothing is live any more
	afterward error // refuses once the edge has upgraded the request
	connected []actors.Info
	typing    []bool
	ended     []interview.EndReason
	audio     bytes.Buffer
	messages  []voiceproto.ClientMessage
	transport actors.Transport
	closed    chan int
}

func (f *fakeCalls) Admits(_ context.Context, id interview.ID) error {
	if f.IsLive(id) {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.refuse
}

func (f *fakeCalls) IsLive(id interview.ID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.over && slices.ContainsFunc(f.connected, func(i actors.Info) bool { return i.ID == id })
}

func (f *fakeCalls) Connect(_ context.Context, info actors.Info, t actors.Transport, typing bool) (wsaudio.Handler, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.afterward != nil {
		return nil, f.afterward
	}
	f.connected = append(f.connected, info)
	f.typing = append(f.typing, typing)
	f.transport = t
	f.closed = make(chan int, 1)
	t.Send(voiceproto.Ready{InterviewID: info.ID})
	return fakeHandler{f, f.closed}, nil
}

func (f *fakeCalls) Converse(_ context.Context, info actors.Info, content string) (actors.Answer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.connected = append(f.connected, info)
	return actors.Answer{Said: content, Reply: "I see."}, f.afterward
}

func (f *fakeCalls) End(_ interview.ID, reason interview.EndReason) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = append(f.ended, reason)
	code := voiceproto.CloseNotActive
	if reason == interview.EndRevoked {
		code = voiceproto.CloseRevoked
	}
	if f.transport != nil {
		f.transport.Close(code, "")
	}
	return nil
}

func (f *fakeCalls) connections() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.connected)
}

type fakeHandler struct {
	calls  *fakeCalls
	closed chan int
}

func (h fakeHandler) OnAudio(pcm []byte) {
	h.calls.mu.Lock()
	defer h.calls.mu.Unlock()
	h.calls.audio.Write(pcm)
}

func (h fakeHandler) OnMessage(m voiceproto.ClientMessage) {
	h.calls.mu.Lock()
	defer h.calls.mu.Unlock()
	h.calls.messages = append(h.calls.messages, m)
}

func (h fakeHandler) OnClosed(code int, _ error) { h.closed <- code }

// recorded runs a request through a handler and returns "status body".
func recorded(t *testing.T, h http.Handler, method, path, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://api.test"+path, strings.NewReader(body))
	if err != nil {
		return "400 no URL" // of the fuzzer's making
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return strconv.Itoa(w.Code) + " " + w.Body.String()
}
