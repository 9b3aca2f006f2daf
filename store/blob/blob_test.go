package blob

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const most = 1 << 20

func newDisk(t *testing.T) (*Disk, string, string) {
	t.Helper()
	folder := t.TempDir()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	d, err := NewDisk(folder, server.URL+"/blobs", []byte("a key to sign with"), most)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	mux.Handle("/blobs/", http.StripPrefix("/blobs", d.Handler()))
	return d, folder, server.URL
}

func read(t *testing.T, d *Disk, key string, offset, length int64) string {
	t.Helper()
	r, _, err := d.Open(t.Context(), key, offset, length)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// files are all that lie in a folder.
func files(t *testing.T, folder string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			found = append(found, strings.TrimPrefix(path, folder+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestAnObjectIsReadWholeAndInParts(t *testing.T) {
	t.Parallel()
	d, _, _ := newDisk(t)
	const key = "recordings/0001/1.webm"
	if _, err := d.Put(t.Context(), key, strings.NewReader("older, and longer")); err != nil {
		t.Fatal(err)
	}
	if info, err := d.Put(t.Context(), key, strings.NewReader("0123456789")); err != nil || info.Size != 10 {
		t.Fatalf("%+v, %v", info, err)
	}
	for _, tc := range []struct {
		offset, length int64
		want           string
	}{{0, -1, "0123456789"}, {3, 4, "3456"}, {8, 100, "89"}, {10, -1, ""}, {50, 5, ""}, {-1, 2, "01"}, {0, 0, ""}, {5, 1 << 62, "56789"}} {
		if got := read(t, d, key, tc.offset, tc.length); got != tc.want {
			t.Errorf("%d+%d: %q, want %q", tc.offset, tc.length, got, tc.want)
		}
	}
	if _, _, err := d.Open(t.Context(), "recordings/0001", 0, -1); !errors.Is(err, ErrNotFound) {
		t.Errorf("a folder: %v", err)
	}
	for range 2 {
		if err := d.Delete(t.Context(), key); err != nil {
			t.Error(err)
		}
	}
	if _, _, err := d.Open(t.Context(), key, 0, -1); !errors.Is(err, ErrNotFound) {
		t.Errorf("a deleted one: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestAnObjectIsThereWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	d, folder, _ := newDisk(t)
	cut := errors.New("cut")
	if _, err := d.Put(t.Context(), "a/b", io.MultiReader(strings.NewReader("begun"), failing{cut})); !errors.Is(err, cut) {
		t.Errorf("a cut one: %v", err)
	}
	if _, err := d.Put(t.Context(), "a/b", bytes.NewReader(make([]byte, most+1))); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one that is too large: %v", err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Put(over, "a/b", strings.NewReader("late")); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
	if left := files(t, folder); len(left) > 0 {
		t.Errorf("it left %v", left)
	}
	if _, err := d.Put(t.Context(), "a/b", bytes.NewReader(make([]byte, most))); err != nil {
		t.Errorf("the largest one: %v", err)
	}
	var writers sync.WaitGroup
	for n := range 8 {
		writers.Go(func() {
			if _, err := d.Put(t.Context(), "raced", strings.NewReader(strings.Repeat(string(rune('a'+n)), 100_000))); err != nil {
				t.Error(err)
			}
		})
	}
	writers.Wait()
	if got := read(t, d, "raced", 0, -1); got != strings.Repeat(got[:1], 100_000) {
		t.Error("the object is of several writers")
	}
	if left := files(t, folder); len(left) != 2 {
		t.Errorf("there are %v", left)
	}
}

func TestNoKeyLeadsOut(t *testing.T) {
	t.Parallel()
	d, folder, _ := newDisk(t)
	outside := t.TempDir()
	secret := filepath.Join(outside, "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"file": secret, "folder": outside} {
		if err := os.Symlink(target, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"", "/", "/etc/passwd", "..", "../x", "a/../../x", "a//b", "a/", "./a", ".part-1", "a/.b", `a\..\b`, "a\x00b", "a b", "a%2e", "ä", "a\nb", strings.Repeat("a", 600)} {
		_, putErr := d.Put(t.Context(), key, strings.NewReader("x"))
		_, _, openErr := d.Open(t.Context(), key, 0, -1)
		_, _, signErr := d.SignedGet(key, time.Hour)
		for _, err := range []error{putErr, openErr, signErr, d.Delete(t.Context(), key)} {
			if !errors.Is(err, ErrBadKey) {
				t.Errorf("%q: %v", key, err)
			}
		}
	}
	for _, key := range []string{"file", "folder/secret"} {
		if r, _, err := d.Open(t.Context(), key, 0, -1); err == nil {
			_ = r.Close()
			t.Errorf("%s was opened through a link", key)
		}
	}
	if _, err := d.Put(t.Context(), "folder/new", strings.NewReader("x")); err == nil {
		t.Error("something was written through a link")
	}
	if raw, err := os.ReadFile(secret); err != nil || string(raw) != "secret" || len(files(t, outside)) != 1 {
		t.Errorf("outside there are %v with %q (%v)", files(t, outside), raw, err)
	}
}

// ask sends a request and returns its status, body and headers.
func ask(t *testing.T, method, address, body string, headers ...string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(raw), res.Header
}

func TestASignedURLIsForOneObjectAndOneUse(t *testing.T) {
	t.Parallel()
	d, folder, _ := newDisk(t)
	const key = "recordings/0001/1.webm"
	put, _, err := d.SignedPut(key, "video/webm", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if status, _, _ := ask(t, "PUT", put, "<html>", "Content-Type", "text/html"); status != 415 {
		t.Errorf("another type: %d", status)
	}
	if status, _, _ := ask(t, "PUT", put, strings.Repeat("x", most+1), "Content-Type", "video/webm"); status != 413 {
		t.Errorf("too large: %d", status)
	}
	if status, _, _ := ask(t, "GET", put, ""); status != 403 {
		t.Errorf("read with the URL for sending: %d", status)
	}
	if left := files(t, folder); len(left) > 0 {
		t.Errorf("stored: %v", left)
	}
	if status, body, _ := ask(t, "PUT", put, "0123456789", "Content-Type", "video/webm;codecs=vp9"); status != 200 {
		t.Fatalf("sent: %d %s", status, body)
	}
	get, expires, err := d.SignedGet(key, time.Hour)
	if err != nil || time.Until(expires) > time.Hour || time.Until(expires) < 59*time.Minute {
		t.Fatalf("%s until %s, %v", get, expires, err)
	}
	status, body, header := ask(t, "GET", get, "")
	if status != 200 || body != "0123456789" || header.Get("Content-Type") != "video/webm" || header.Get("Cache-Control") != "private, no-store" || header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("read: %d %q %v", status, body, header)
	}
	if status, body, _ := ask(t, "GET", get, "", "Range", "bytes=2-4"); status != 206 || body != "234" {
		t.Errorf("a part: %d %q", status, body)
	}
	if status, _, _ := ask(t, "GET", get, "", "Range", "bytes=90-"); status != 416 {
		t.Errorf("a part behind the end: %d", status)
	}
	if status, _, h := ask(t, "HEAD", get, ""); status != 200 || h.Get("Content-Length") != "10" {
		t.Errorf("HEAD: %d %v", status, h)
	}
	if status, _, _ := ask(t, "PUT", get, "x", "Content-Type", "video/webm"); status != 403 {
		t.Errorf("sent with the URL for reading: %d", status)
	}
	for name, change := range map[string]func(*url.URL, url.Values){
		"another object":       func(u *url.URL, _ url.Values) { u.Path = strings.Replace(u.Path, "/1.webm", "/2.webm", 1) },
		"a longer life":        func(_ *url.URL, q url.Values) { q.Set("expires", "99999999999") },
		"another signature":    func(_ *url.URL, q url.Values) { q.Set("signature", "A"+q.Get("signature")[1:]+"A") },
		"no signature":         func(_ *url.URL, q url.Values) { q.Del("signature") },
		"another type":         func(_ *url.URL, q url.Values) { q.Set("type", "text/html") },
		"an end of no meaning": func(_ *url.URL, q url.Values) { q.Set("expires", "soon") },
		"a way out":            func(u *url.URL, _ url.Values) { u.Path = "/blobs/%2e%2e/secret" },
	} {
		u, err := url.Parse(get)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		change(u, q)
		u.RawQuery = q.Encode()
		if status, body, _ := ask(t, "GET", u.String(), ""); status != 403 || strings.Contains(body, "0123") {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	d.now = func() time.Time { return expires }
	if status, _, _ := ask(t, "GET", get, ""); status != 403 {
		t.Errorf("at its end: %d", status)
	}
	gone, _, _ := d.SignedGet("recordings/0001/9.webm", 100*MaxLife)
	if status, body, _ := ask(t, "GET", gone, ""); status != 404 || body != `{"error":"File not found"}` {
		t.Errorf("a missing one: %d %s", status, body)
	}
	d.now = func() time.Time { return expires.Add(MaxLife) }
	if status, _, _ := ask(t, "GET", gone, ""); status != 403 {
		t.Errorf("beyond the longest life: %d", status)
	}
}
