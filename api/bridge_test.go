package api

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
)

// bridged serves an app of a test's own through the bridge.
func bridged(t *testing.T, routes func(app *fiber.App)) *httptest.Server {
	t.Helper()
	app := fiber.New(fiber.Config{Immutable: true, StrictRouting: true, CaseSensitive: true, DisableStartupMessage: true})
	app.Use(useRequestContext)
	routes(app)
	s := httptest.NewServer(newBridge(app, 1000))
	t.Cleanup(s.Close)
	return s
}

func TestBodiesOverTheLimitAreRefusedWithAndWithoutLength(t *testing.T) {
	t.Parallel()
	reached := make(chan struct{}, 4)
	s := bridged(t, func(app *fiber.App) {
		app.Post("/", func(c *fiber.Ctx) error { reached <- struct{}{}; return c.SendString(string(c.Body())) })
	})
	for name, body := range map[string]io.Reader{
		"with a length": strings.NewReader(strings.Repeat("x", 1001)),
		"chunked":       io.MultiReader(strings.NewReader(strings.Repeat("x", 1001))),
	} {
		res, err := http.Post(s.URL+"/", "text/plain", body) //nolint:noctx // a test's own server
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		raw, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != http.StatusRequestEntityTooLarge || string(raw) != `{"error":"Request body too large"}` {
			t.Errorf("%s: %d %s", name, res.StatusCode, raw)
		}
	}
	if len(reached) != 0 {
		t.Error("the handler saw a body over the limit")
	}
	res, err := http.Post(s.URL+"/", "text/plain", io.MultiReader(strings.NewReader("small"))) //nolint:noctx // a test's own server
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if string(raw) != "small" {
		t.Errorf("a chunked body within the limit arrived as %q", raw)
	}
}

func TestAClientThatLeavesCancelsTheHandler(t *testing.T) {
	t.Parallel()
	entered, left := make(chan struct{}), make(chan error, 1)
	s := bridged(t, func(app *fiber.App) {
		app.Get("/", func(c *fiber.Ctx) error {
			close(entered)
			select {
			case <-c.UserContext().Done():
				left <- c.UserContext().Err()
			case <-time.After(10 * time.Second):
				left <- errors.New("the handler was never told")
			}
			return nil
		})
	})
	ctx, cancel := context.WithCancel(t.Context())
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/", nil)
	go func() {
		<-entered
		cancel()
	}()
	if res, err := http.DefaultClient.Do(req); err == nil {
		_ = res.Body.Close()
	}
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestAnAbortedStreamIsVisiblyBroken(t *testing.T) {
	t.Parallel()
	s := bridged(t, func(app *fiber.App) {
		app.Get("/", func(c *fiber.Ctx) error {
			c.Context().SetBodyStream(io.MultiReader(strings.NewReader("half"), failingReader{}), -1)
			return nil
		})
	})
	res, err := http.Get(s.URL + "/") //nolint:noctx // a test's own server
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err == nil {
		t.Errorf("half an answer %q looks like a whole one", raw)
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errors.New("disk gone") }

func TestStreamedEventsArriveOneByOne(t *testing.T) {
	t.Parallel()
	next, ended := make(chan struct{}), make(chan struct{})
	s := bridged(t, func(app *fiber.App) {
		app.Get("/", func(c *fiber.Ctx) error {
			c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
				defer close(ended)
				for {
					if _, err := w.WriteString("event\n"); err != nil {
						return
					}
					if w.Flush() != nil {
						return
					}
					if _, more := <-next; !more {
						time.Sleep(time.Millisecond)
					}
				}
			})
			return nil
		})
	})
	ctx, cancel := context.WithCancel(t.Context())
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/", nil)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(res.Body)
	for i := range 3 {
		if line, err := lines.ReadString('\n'); err != nil || line != "event\n" {
			t.Fatalf("event %d: %q %v", i, line, err)
		}
		next <- struct{}{}
	}
	cancel()
	_ = res.Body.Close()
	close(next)
	<-ended // the writer stops because the client left
}

func TestHeadersMethodsAndAddressesPass(t *testing.T) {
	t.Parallel()
	s := bridged(t, func(app *fiber.App) {
		app.Get("/file", func(c *fiber.Ctx) error {
			c.Cookie(&fiber.Cookie{Name: "a", Value: "1"})
			c.Cookie(&fiber.Cookie{Name: "b", Value: "2"})
			c.Set("X-Caller", c.IP())
			c.Set("X-Query", c.Query("q"))
			c.Set("X-Two", c.Get("X-In"))
			return c.SendString("hello")
		})
		app.Get("/none", func(c *fiber.Ctx) error { return c.SendStatus(http.StatusNoContent) })
	})
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/file?q=a%20b", nil)
	req.Header.Set("X-In", "value")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if got := res.Header.Values("Set-Cookie"); len(got) != 2 {
		t.Errorf("cookies: %q", got)
	}
	if res.Header.Get("X-Caller") != "127.0.0.1" || res.Header.Get("X-Query") != "a b" || res.Header.Get("X-Two") != "value" {
		t.Errorf("caller %q, query %q, header %q", res.Header.Get("X-Caller"), res.Header.Get("X-Query"), res.Header.Get("X-Two"))
	}
	head, err := http.Head(s.URL + "/file") //nolint:noctx // a test's own server
	if err != nil {
		t.Fatal(err)
	}
	_ = head.Body.Close()
	if head.StatusCode != http.StatusOK || head.ContentLength != 5 {
		t.Errorf("HEAD: %d, length %d", head.StatusCode, head.ContentLength)
	}
	none, err := http.Get(s.URL + "/none") //nolint:noctx // a test's own server
	if err != nil {
		t.Fatal(err)
	}
	_ = none.Body.Close()
	if none.StatusCode != http.StatusNoContent {
		t.Errorf("204 arrived as %d", none.StatusCode)
	}
}

func TestValuesKeptAfterTheHandlerStayWhatTheyWere(t *testing.T) {
	t.Parallel()
	kept := make(chan string, 300)
	s := bridged(t, func(app *fiber.App) {
		app.Get("/:id", func(c *fiber.Ctx) error { kept <- c.Params("id"); return nil })
	})
	want := map[string]bool{}
	for i := range 200 {
		id := strings.Repeat(string(rune('a'+i%26)), 8) + string(rune('a'+i/26))
		want[id] = true
		res, err := http.Get(s.URL + "/" + id) //nolint:noctx // a test's own server
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
	}
	close(kept)
	for id := range kept {
		if !want[id] {
			t.Errorf("kept id %q was overwritten", id)
		}
	}
}
