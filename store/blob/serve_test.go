package blob_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vantahire/vantahire/store/blob"
)

// sign makes a URL as a client of the handler sends it: without the path of BaseURL.
func (b bench) sign(t testing.TB, k string, o blob.SignOptions) string {
	t.Helper()
	if o.Expires == 0 {
		o.Expires = 15 * time.Minute
	}
	u, err := b.SignedURL(ctx, k, o)
	if err != nil {
		t.Fatal(err)
	}
	path, ok := strings.CutPrefix(u, "http://host/blobs")
	if !ok {
		t.Fatalf("URL %s", u)
	}
	return path
}

func (b bench) do(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, r)
	return w
}

var (
	toRead  = blob.SignOptions{Method: http.MethodGet}
	toWrite = blob.SignOptions{Method: http.MethodPut, ContentType: webm}
)

func TestASignedURLIsUploadedToAndRead(t *testing.T) {
	t.Parallel()
	b := disk(t)
	if w := b.do("PUT", b.sign(t, key, toWrite), "0123456789", "Content-Type", webm); w.Code != 200 || w.Body.Len() != 0 {
		t.Fatalf("upload: %d %s", w.Code, w.Body)
	}
	target := b.sign(t, key, toRead)
	w := b.do("GET", target, "")
	if w.Code != 200 || w.Body.String() != "0123456789" {
		t.Errorf("read: %d %s", w.Code, w.Body)
	}
	for name, want := range map[string]string{
		"Content-Type": webm, "X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store",
		"Accept-Ranges": "bytes", "Referrer-Policy": "no-referrer", "Content-Length": "10", "Content-Disposition": `inline; filename="1732500000000.webm"`,
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if w := b.do("HEAD", target, ""); w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("Content-Length") != "10" {
		t.Errorf("HEAD: %d, %v", w.Code, w.Header())
	}
	etag := w.Header().Get("ETag")
	for name, tc := range map[string]struct {
		ranges, ifRange string
		status          int
		body, said      string
	}{
		"the middle":            {"bytes=2-4", "", 206, "234", "bytes 2-4/10"},
		"the end":               {"bytes=-3", "", 206, "789", "bytes 7-9/10"},
		"from the middle":       {"bytes=8-", etag, 206, "89", "bytes 8-9/10"},
		"of another object":     {"bytes=8-", `"other"`, 200, "0123456789", ""},
		"past the end":          {"bytes=10-", "", 416, "", "bytes */10"},
		"of a unit of no sense": {"frames=1-2", "", 416, "", ""},
	} {
		headers := []string{"Range", tc.ranges}
		if tc.ifRange != "" {
			headers = append(headers, "If-Range", tc.ifRange)
		}
		w := b.do("GET", target, "", headers...)
		if w.Code != tc.status || w.Code < 400 && w.Body.String() != tc.body || w.Header().Get("Content-Range") != tc.said {
			t.Errorf("%s: %d %q %q", name, w.Code, w.Body, w.Header().Get("Content-Range"))
		}
	}
}

func TestWhatCouldRunScriptsIsADownload(t *testing.T) {
	t.Parallel()
	b := disk(t)
	for contentType, download := range map[string]bool{
		"text/html": true, "image/svg+xml": true, "": true, "VIDEO/mp4": false, "audio/ogg": false, "video/webm; codecs=vp8": false,
	} {
		mustPut(t, b, key, "<script>", contentType)
		h := b.do("GET", b.sign(t, key, toRead), "").Header()
		if strings.HasPrefix(h.Get("Content-Disposition"), "attachment; ") != download || strings.Contains(h.Get("Content-Security-Policy"), "sandbox") != download {
			t.Errorf("%s: %v", contentType, h)
		}
	}
}

func TestOnlyWhatWasSignedIsServed(t *testing.T) {
	t.Parallel()
	b := disk(t)
	mustPut(t, b, key, "secret", webm)
	mustPut(t, b, "other", "secret", webm)
	get, put := b.sign(t, key, toRead), b.sign(t, key, toWrite)
	change := func(target, name, value string) string {
		u, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		q.Set(name, value)
		return u.Path + "?" + q.Encode()
	}
	_, query, _ := strings.Cut(get, "?")
	far := fmt.Sprint(time.Now().Add(24 * time.Hour).Unix())
	foreign := diskIn(t, t.TempDir(), blob.DiskOptions{Secret: []byte(strings.Repeat("t", 32)), BaseURL: "http://host/blobs"})
	for name, tc := range map[string]struct{ method, target string }{
		"nothing signed":              {"GET", "/" + key},
		"an empty signature":          {"GET", change(get, "signature", "")},
		"a signature of no base64":    {"GET", change(get, "signature", "*")},
		"a cut signature":             {"GET", get[:len(get)-1]},
		"a padded signature":          {"GET", get + "%3D"},
		"a later end":                 {"GET", change(get, "expires", far)},
		"no end":                      {"GET", change(get, "expires", "")},
		"a type for reading":          {"GET", change(get, "type", "text/html")},
		"another key":                 {"GET", "/other?" + query},
		"another key beside it":       {"GET", "/" + key + "/../other?" + query},
		"a key with a slash too many": {"GET", "//" + key + "?" + query},
		"a key without its slash":     {"GET", "/?" + query},
		"writing by a reader's":       {"PUT", get},
		"reading by a writer's":       {"GET", put},
		"looking by a writer's":       {"HEAD", put},
		"another type to write":       {"PUT", change(put, "type", "text/html")},
		"signed by somebody else":     {"GET", foreign.sign(t, key, toRead)},
	} {
		w := b.do(tc.method, tc.target, "x", "Content-Type", webm)
		if w.Code != 403 || w.Header().Get("Cache-Control") != "private, no-store" || !strings.Contains(w.Body.String(), `{"error":"Forbidden"}`) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	for _, k := range badKeys() {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL = &url.URL{Path: "/" + k, RawQuery: query}
		w := httptest.NewRecorder()
		if b.Handler().ServeHTTP(w, r); w.Code != 403 {
			t.Errorf("%q: %d %s", k, w.Code, w.Body)
		}
	}
	for _, method := range []string{"POST", "DELETE", "PATCH", "OPTIONS"} {
		if w := b.do(method, get, ""); w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD, PUT" {
			t.Errorf("%s: %d %v", method, w.Code, w.Header())
		}
	}
	if w := b.do("GET", b.sign(t, "no/such", toRead), ""); w.Code != 404 {
		t.Errorf("no such object: %d", w.Code)
	}
	if got, _ := read(t, b, key, 0, -1); got != "secret" {
		t.Errorf("it is now %q", got)
	}
}

func TestASignedURLRunsOut(t *testing.T) {
	t.Parallel()
	b := disk(t)
	mustPut(t, b, key, "x", webm)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(700 * time.Millisecond) // it is good for all that was asked, not from a full second on
		get, put := b.sign(t, key, toRead), b.sign(t, key, toWrite)
		time.Sleep(15*time.Minute - time.Millisecond)
		if w := b.do("GET", get, ""); w.Code != 200 {
			t.Errorf("just before its end: %d", w.Code)
		}
		time.Sleep(time.Second)
		if w := b.do("GET", get, ""); w.Code != 403 {
			t.Errorf("after its end: %d", w.Code)
		}
		if w := b.do("PUT", put, "y", "Content-Type", webm); w.Code != 403 {
			t.Errorf("an upload after its end: %d", w.Code)
		}
	})
}

func TestUploadsThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		key, body string
		headers   []string
		chunked   bool
		status    int
	}{
		"as large as may be":             {key, strings.Repeat("x", 100), []string{"Content-Type", webm}, false, 200},
		"a byte too large":               {key, strings.Repeat("x", 101), []string{"Content-Type", webm}, false, 413},
		"too large, unsaid":              {key, strings.Repeat("x", 1<<20), []string{"Content-Type", webm}, true, 413},
		"as large as may be, unsaid":     {key, strings.Repeat("x", 100), []string{"Content-Type", webm}, true, 200},
		"without a type":                 {key, "x", nil, false, 415},
		"of another type":                {key, "x", []string{"Content-Type", "text/html"}, false, 415},
		"of the type and more":           {key, "x", []string{"Content-Type", webm + "; codecs=vp8"}, false, 415},
		"of two types":                   {key, "x", []string{"Content-Type", webm, "Content-Type", "text/html"}, false, 415},
		"to the folder of other objects": {"taken", "x", []string{"Content-Type", webm}, false, 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := disk(t)
			mustPut(t, b, "taken/by", "x", webm)
			r := httptest.NewRequest(http.MethodPut, b.sign(t, tc.key, toWrite), strings.NewReader(tc.body))
			for i := 0; i < len(tc.headers); i += 2 {
				r.Header.Add(tc.headers[i], tc.headers[i+1])
			}
			if tc.chunked {
				r.ContentLength = -1
			}
			w := httptest.NewRecorder()
			b.Handler().ServeHTTP(w, r)
			if w.Code != tc.status {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if want := 2; w.Code != 200 && len(b.files(t)) != want {
				t.Errorf("left: %s", b.files(t))
			}
		})
	}
}

// A real connection that ends in the middle of an upload leaves nothing behind.
func TestAnUploadThatIsCutOff(t *testing.T) {
	t.Parallel()
	b := disk(t)
	ended := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		b.Handler().ServeHTTP(w, r)
	}))
	defer srv.Close()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: host\r\nContent-Type: video/webm\r\nContent-Length: 90\r\n\r\nhalf", b.sign(t, key, toWrite))
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err == nil {
		raw, _ := io.ReadAll(res.Body)
		if res.StatusCode != http.StatusBadRequest || string(raw) != "{\"error\":\"Upload was cut off\"}\n" {
			t.Errorf("%d %s", res.StatusCode, raw)
		}
	}
	<-ended
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if left := b.files(t); len(left) != 0 {
		t.Errorf("left: %s", left)
	}
	gone(t, b, key)
}

func TestAFaultOfTheDiskTellsNothing(t *testing.T) {
	t.Parallel()
	b := disk(t)
	put := b.sign(t, key, toWrite)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	w := b.do("PUT", put, "x", "Content-Type", webm)
	if w.Code != 500 || w.Body.String() != "{\"error\":\"Internal server error\"}\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// pacedRecorder keeps the deadlines its connection was given.
type pacedRecorder struct {
	*httptest.ResponseRecorder

	reads, writes []time.Time
}

func (p *pacedRecorder) SetReadDeadline(at time.Time) error {
	p.reads = append(p.reads, at)
	return nil
}

func (p *pacedRecorder) SetWriteDeadline(at time.Time) error {
	p.writes = append(p.writes, at)
	return nil
}

func TestEachPartOfATransferHasItsTime(t *testing.T) {
	t.Parallel()
	b := disk(t)
	synctest.Test(t, func(t *testing.T) {
		const step = 45 * time.Second
		var parts []time.Time // when each part of the body was asked for
		slow := readerFunc(func(p []byte) (int, error) {
			parts = append(parts, time.Now())
			if len(parts) == 4 {
				return 0, io.EOF
			}
			time.Sleep(step)
			p[0] = 'x'
			return 1, nil
		})
		w := &pacedRecorder{ResponseRecorder: httptest.NewRecorder()}
		r := httptest.NewRequest(http.MethodPut, b.sign(t, key, toWrite), slow)
		r.Header.Set("Content-Type", webm)
		if b.Handler().ServeHTTP(w, r); w.Code != 200 || len(w.reads) != len(parts)+1 || !w.reads[len(parts)].IsZero() {
			t.Fatalf("upload: %d, deadlines %v for %v", w.Code, w.reads, parts)
		}
		for i, asked := range parts {
			if w.reads[i] != asked.Add(time.Minute) {
				t.Errorf("part %d was asked for at %s, and may take until %s", i, asked, w.reads[i])
			}
		}
		w = &pacedRecorder{ResponseRecorder: httptest.NewRecorder()}
		b.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, b.sign(t, key, toRead), nil))
		last := len(w.writes) - 1
		if w.Code != 200 || last < 1 || w.writes[0] != time.Now().Add(time.Minute) || !w.writes[last].IsZero() {
			t.Errorf("read: %d, deadlines %v", w.Code, w.writes)
		}
	})
}
