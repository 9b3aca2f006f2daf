package blob_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/vantahire/vantahire/store/blob"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	key  = "recordings/3f0e/1732500000000.webm"
	webm = "video/webm"
)

var ctx = context.Background()

func TestStoresConform(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) blob.Store{
		"disk": func(t *testing.T) blob.Store { return disk(t).Disk },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conform(t, open)
		})
	}
}

// conform holds a Store against what the interface promises. Each case has a store
// of its own.
func conform(t *testing.T, open func(*testing.T) blob.Store) {
	for name, check := range map[string]func(*testing.T, blob.Store){
		"what was put is read":            conformRead,
		"ranges are cut to the object":    conformRanges,
		"a later put replaces":            conformReplace,
		"an object has a type":            conformTypes,
		"a bound is kept to the byte":     conformBound,
		"a failed put changes nothing":    conformFailure,
		"what is deleted is gone":         conformDelete,
		"keys that are none are refused":  conformKeys,
		"an ended context stops it":       conformContext,
		"many at once never see mixtures": conformRace,
		"one deletes":                     conformDeleteRace,
		"only what is sound is signed":    conformSigning,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, open(t))
		})
	}
}

func conformRead(t *testing.T, s blob.Store) {
	before := time.Now().Add(-time.Minute)
	big := strings.Repeat("0123456789abcdef", 1<<14)
	for k, text := range map[string]string{key: big, "a": "", "a-b/c_d.e/F": "short"} {
		put := mustPut(t, s, k, text, webm)
		got, info := read(t, s, k, 0, -1)
		if got != text || info != put || info.Key != k || info.Size != int64(len(text)) || info.ContentType != webm || info.Modified.Before(before) {
			t.Errorf("%s: %d bytes, %+v; put said %+v", k, len(got), info, put)
		}
		if stat, err := s.Stat(ctx, k); err != nil || stat != put {
			t.Errorf("%s: stat says %+v, %v", k, stat, err)
		}
	}
}

func conformRanges(t *testing.T, s blob.Store) {
	mustPut(t, s, key, "0123456789", webm)
	for _, tc := range []struct {
		offset, length int64
		want           string
	}{{0, -1, "0123456789"}, {3, -1, "3456789"}, {3, 4, "3456"}, {0, 0, ""}, {8, 50, "89"}, {10, -1, ""}, {99, 1, ""}, {1, 1<<63 - 1, "123456789"}} {
		got, info := read(t, s, key, tc.offset, tc.length)
		if got != tc.want || info.Size != 10 {
			t.Errorf("%d+%d: %q of %d bytes", tc.offset, tc.length, got, info.Size)
		}
	}
	if _, _, err := s.Open(ctx, key, -1, 1); !errors.Is(err, blob.ErrBadRange) {
		t.Errorf("from before the object: %v", err)
	}
}

func conformReplace(t *testing.T, s blob.Store) {
	mustPut(t, s, key, "the first one", webm)
	r, _, err := s.Open(ctx, key, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	mustPut(t, s, key, "second", "audio/ogg")
	if old, err := io.ReadAll(r); err != nil || string(old) != "the first one" {
		t.Errorf("who reads the first one got %q, %v", old, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if got, info := read(t, s, key, 0, -1); got != "second" || info.ContentType != "audio/ogg" {
		t.Errorf("got %q, %+v", got, info)
	}
}

func conformTypes(t *testing.T, s blob.Store) {
	for given, want := range map[string]string{"": blob.DefaultType, `video/webm; codecs="vp8, opus"`: `video/webm; codecs="vp8, opus"`} {
		if info := mustPut(t, s, key, "x", given); info.ContentType != want {
			t.Errorf("%q is kept as %q", given, info.ContentType)
		}
	}
	for _, bad := range []string{"video", "/", "a/b\r\nX: y", "a/b; q=\"\x01\"", "a/é", "text/plain; " + strings.Repeat("a", 200) + "=1"} {
		if _, err := s.Put(ctx, key, strings.NewReader("y"), blob.PutOptions{ContentType: bad}); !errors.Is(err, blob.ErrBadType) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func conformBound(t *testing.T, s blob.Store) {
	for limit, want := range map[int64]error{3: blob.ErrTooLarge, 4: nil, 5: nil, 0: nil, 1<<63 - 1: nil} {
		k := fmt.Sprintf("bound/%d", limit)
		_, err := s.Put(ctx, k, strings.NewReader("four"), blob.PutOptions{MaxBytes: limit})
		if !errors.Is(err, want) {
			t.Errorf("at most %d: %v", limit, err)
		}
		if want == nil {
			if got, _ := read(t, s, k, 0, -1); got != "four" {
				t.Errorf("at most %d: stored %q", limit, got)
			}
		} else {
			gone(t, s, k)
		}
	}
}

func conformFailure(t *testing.T, s blob.Store) {
	errCut := errors.New("connection reset")
	cut := func() io.Reader {
		return io.MultiReader(strings.NewReader(strings.Repeat("x", 1<<16)), failing{errCut})
	}
	if _, err := s.Put(ctx, "new/one", cut(), blob.PutOptions{}); !errors.Is(err, errCut) {
		t.Errorf("cut off: %v", err)
	}
	gone(t, s, "new/one")
	mustPut(t, s, key, "kept", webm)
	if _, err := s.Put(ctx, key, cut(), blob.PutOptions{ContentType: "audio/ogg"}); !errors.Is(err, errCut) {
		t.Errorf("cut off: %v", err)
	}
	if _, err := s.Put(ctx, key, strings.NewReader("too many"), blob.PutOptions{ContentType: "audio/ogg", MaxBytes: 2}); !errors.Is(err, blob.ErrTooLarge) {
		t.Errorf("too many: %v", err)
	}
	if got, info := read(t, s, key, 0, -1); got != "kept" || info.ContentType != webm {
		t.Errorf("what was there is now %q, %+v", got, info)
	}
}

func conformDelete(t *testing.T, s blob.Store) {
	mustPut(t, s, key, "x", webm)
	other := "recordings/3f0e/2.webm"
	mustPut(t, s, other, "y", webm)
	if err := s.Delete(ctx, key); err != nil {
		t.Fatal(err)
	}
	gone(t, s, key)
	if err := s.Delete(ctx, key); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("deleted twice: %v", err)
	}
	if got, _ := read(t, s, other, 0, -1); got != "y" {
		t.Errorf("its neighbour is %q", got)
	}
	gone(t, s, "recordings/3f0e")
	gone(t, s, other+"/deeper")
	// Its name is free again, and no type is left over.
	if info := mustPut(t, s, key, "z", ""); info.ContentType != blob.DefaultType {
		t.Errorf("its successor is %+v", info)
	}
}

func conformKeys(t *testing.T, s blob.Store) {
	for _, k := range badKeys() {
		_, putErr := s.Put(ctx, k, strings.NewReader("x"), blob.PutOptions{})
		_, _, openErr := s.Open(ctx, k, 0, -1)
		_, statErr := s.Stat(ctx, k)
		_, signErr := s.SignedURL(ctx, k, blob.SignOptions{Method: http.MethodGet, Expires: time.Hour})
		for what, err := range map[string]error{"put": putErr, "open": openErr, "stat": statErr, "delete": s.Delete(ctx, k), "sign": signErr} {
			if !errors.Is(err, blob.ErrBadKey) {
				t.Errorf("%s %q: %v", what, k, err)
			}
		}
	}
}

func conformContext(t *testing.T, s blob.Store) {
	mustPut(t, s, key, "kept", webm)
	cause := errors.New("shutting down")
	ended, end := context.WithCancelCause(ctx)
	// It ends while the object is read.
	endless := readerFunc(func(p []byte) (int, error) {
		end(cause)
		return len(p), nil
	})
	if _, err := s.Put(ended, key, endless, blob.PutOptions{}); !errors.Is(err, cause) {
		t.Errorf("put: %v", err)
	}
	_, _, err := s.Open(ended, key, 0, -1)
	if !errors.Is(err, cause) || !errors.Is(s.Delete(ended, key), cause) {
		t.Errorf("open: %v", err)
	}
	if got, _ := read(t, s, key, 0, -1); got != "kept" {
		t.Errorf("what was there is now %q", got)
	}
}

// conformRace writes, deletes and reads one key at once: a reader gets all of one
// object, with its type.
func conformRace(t *testing.T, s blob.Store) {
	mustPut(t, s, key, strings.Repeat("0", 5000), "video/t0")
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for i := range 4 {
		writers.Go(func() {
			for range 5 {
				text := strings.Repeat(fmt.Sprint(i), 5000+i)
				if _, err := s.Put(ctx, key, strings.NewReader(text), blob.PutOptions{ContentType: fmt.Sprint("video/t", i)}); err != nil {
					t.Errorf("put: %v", err)
				}
				if i == 3 {
					if err := s.Delete(ctx, key); err != nil && !errors.Is(err, blob.ErrNotFound) {
						t.Errorf("delete: %v", err)
					}
				}
			}
		})
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				r, info, err := s.Open(ctx, key, 0, -1)
				if errors.Is(err, blob.ErrNotFound) {
					continue
				}
				if err != nil {
					t.Errorf("open: %v", err)
					return
				}
				text, err := io.ReadAll(r)
				which := bytes.TrimLeft(text, "0123")
				if err != nil || len(which) != 0 || int64(len(text)) != info.Size ||
					strings.Count(string(text), string(text[:1])) != 5000+int(text[0]-'0') || info.ContentType != "video/t"+string(text[:1]) {
					t.Errorf("read a mixture: %d bytes, %+v, %v", len(text), info, err)
				}
				_ = r.Close()
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
}

func conformDeleteRace(t *testing.T, s blob.Store) {
	for range 5 {
		mustPut(t, s, key, "x", webm)
		var all sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			all.Go(func() { errs[i] = s.Delete(ctx, key) })
		}
		all.Wait()
		var did int
		for _, err := range errs {
			if err == nil {
				did++
			} else if !errors.Is(err, blob.ErrNotFound) {
				t.Error(err)
			}
		}
		if did != 1 {
			t.Errorf("%d deleted it", did)
		}
	}
}

func conformSigning(t *testing.T, s blob.Store) {
	for name, tc := range map[string]struct {
		o    blob.SignOptions
		want error
	}{
		"reading":                 {blob.SignOptions{Method: "GET", Expires: time.Second}, nil},
		"writing":                 {blob.SignOptions{Method: "PUT", Expires: blob.MaxExpires, ContentType: webm}, nil},
		"writing without a type":  {blob.SignOptions{Method: "PUT", Expires: time.Hour}, nil},
		"for no time":             {blob.SignOptions{Method: "GET"}, blob.ErrBadSign},
		"for less than no time":   {blob.SignOptions{Method: "GET", Expires: -time.Hour}, blob.ErrBadSign},
		"for too long":            {blob.SignOptions{Method: "GET", Expires: blob.MaxExpires + 1}, blob.ErrBadSign},
		"deleting":                {blob.SignOptions{Method: "DELETE", Expires: time.Hour}, blob.ErrBadSign},
		"nothing":                 {blob.SignOptions{Expires: time.Hour}, blob.ErrBadSign},
		"reading as another type": {blob.SignOptions{Method: "GET", Expires: time.Hour, ContentType: "text/html"}, blob.ErrBadSign},
		"writing with line feeds": {blob.SignOptions{Method: "PUT", Expires: time.Hour, ContentType: "a/b\nc"}, blob.ErrBadType},
	} {
		url, err := s.SignedURL(ctx, key, tc.o)
		if !errors.Is(err, tc.want) || (err == nil) != strings.Contains(url, key) {
			t.Errorf("%s: %q, %v", name, url, err)
		}
	}
}

func mustPut(t *testing.T, s blob.Store, k, text, contentType string) blob.Info {
	t.Helper()
	info, err := s.Put(ctx, k, strings.NewReader(text), blob.PutOptions{ContentType: contentType})
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func read(t *testing.T, s blob.Store, k string, offset, length int64) (string, blob.Info) {
	t.Helper()
	r, info, err := s.Open(ctx, k, offset, length)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return string(text), info
}

func gone(t *testing.T, s blob.Store, k string) {
	t.Helper()
	_, _, openErr := s.Open(ctx, k, 0, -1)
	_, statErr := s.Stat(ctx, k)
	if !errors.Is(openErr, blob.ErrNotFound) || !errors.Is(statErr, blob.ErrNotFound) {
		t.Errorf("%s: open says %v, stat %v", k, openErr, statErr)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
