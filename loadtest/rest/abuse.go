package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// AbuseSize is what is posted to every route with a body, in bytes.
const AbuseSize = 200 << 20

// earlyLimit is how much the server and the system's buffers may have taken of a
// body when its refusal arrives: the largest form it takes (11 MiB) and what is on
// its way meanwhile.
const earlyLimit = 32 << 20

// Route is a route with a body, as the document declares it.
type Route struct {
	Method, Path string
	Form         bool // multipart; JSON otherwise
}

// Refusal is what came of posting too much.
type Refusal struct {
	Route   Route
	As      string // who asked
	Chunked bool
	Status  int   // 0: the connection ended without an answer
	Taken   int64 // bytes written until the answer came
	Took    time.Duration
}

// Fault says what is wrong with the refusal; "" is nothing.
func (r Refusal) Fault() string {
	switch {
	case r.Status == 0:
		return "the connection ended without an answer"
	case r.Status < 400 || r.Status >= 500:
		return fmt.Sprintf("it answers %d", r.Status)
	case r.Taken > earlyLimit:
		return fmt.Sprintf("it takes %d MiB first", r.Taken>>20)
	}
	return ""
}

// Routes reads the routes with a body from the server's document.
func (f *Fixture) Routes(ctx context.Context) ([]Route, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.server+"/openapi.json", nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	var doc struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Content map[string]any `json:"content"`
			} `json:"requestBody"`
		} `json:"paths"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(&doc); err != nil {
		return nil, fmt.Errorf("read the document of the API: %w", err)
	}
	var routes []Route
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if _, isForm := op.RequestBody.Content["multipart/form-data"]; len(op.RequestBody.Content) > 0 {
				routes = append(routes, Route{strings.ToUpper(method), path, isForm})
			}
		}
	}
	slices.SortFunc(routes, func(a, b Route) int { return strings.Compare(a.Path+a.Method, b.Path+b.Method) })
	if len(routes) == 0 {
		return nil, errors.New("the document of the API declares no route with a body")
	}
	return routes, nil
}

// Principals are who posts; an empty one has no credentials.
func (f *Fixture) Principals() map[string][]string {
	return map[string][]string{
		"nobody": nil, "recruiter": {"Cookie", f.Cookies["RECRUITER"]}, "candidate": {"Cookie", f.Cookies["CANDIDATE"]},
		"admin": {"Cookie", f.Cookies["ADMIN"]}, "link": {"X-Interview-Token", f.Token},
	}
}

// Abuse posts a body of a size that would never end well.
func (f *Fixture) Abuse(ctx context.Context, route Route, as string, credentials []string, chunked bool, size int64) Refusal {
	refusal := Refusal{Route: route, As: as, Chunked: chunked}
	began := time.Now()
	c, err := dial(ctx, f.Addr())
	if err != nil {
		return refusal
	}
	defer c.close()
	_ = c.raw.SetDeadline(began.Add(answerTimeout))
	headers := append([]string{"Content-Type", "application/json"}, credentials...)
	start := `{"title":"`
	if route.Form {
		headers[1] = "multipart/form-data; boundary=cut"
		start = "--cut\r\nContent-Disposition: form-data; name=\"category\"\r\n\r\nRESUME\r\n" +
			"--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"cv.pdf\"\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.7\n"
	}
	if chunked {
		headers = append(headers, "Transfer-Encoding", "chunked")
	} else {
		headers = append(headers, "Content-Length", fmt.Sprint(size))
	}
	var taken atomic.Int64
	sent := make(chan struct{})
	go func() { // ends when all is written or the connection is closed
		defer close(sent)
		pour(c.raw, head(route.Method, f.path(route.Path), headers...)+"\r\n", start, chunked, size, &taken)
	}()
	refusal.Status, _, _ = c.answer(io.Discard) // a status that came is an answer, whatever became of its body
	refusal.Taken, refusal.Took = taken.Load(), time.Since(began)
	c.close()
	<-sent
	return refusal
}

// pour writes a request and counts the bytes of its body that were taken.
func pour(to net.Conn, head, start string, chunked bool, size int64, taken *atomic.Int64) {
	const piece = 64 << 10
	body := bytes.Repeat([]byte{'x'}, piece)
	copy(body, start)
	if _, err := io.WriteString(to, head); err != nil {
		return
	}
	for taken.Load() < size {
		out := body
		if chunked {
			out = slices.Concat([]byte(fmt.Sprintf("%x\r\n", len(body))), body, []byte("\r\n"))
		}
		if _, err := to.Write(out); err != nil {
			return
		}
		if taken.Add(piece) == piece {
			body = bytes.Repeat([]byte{'x'}, piece)
		}
	}
}

// path fills the parameters of a path with rows that exist, where there are any.
func (f *Fixture) path(path string) string {
	id := "00000000-0000-4000-8000-000000000000"
	switch {
	case strings.HasPrefix(path, "/interviews/"):
		id = f.Interview
	case strings.HasPrefix(path, "/jobs/"):
		id = f.Job
	}
	var out []string
	for part := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(part, "{") {
			part = id
		}
		out = append(out, part)
	}
	return strings.Join(out, "/")
}

// Addr is the server's host and port.
func (f *Fixture) Addr() string { return strings.TrimPrefix(f.server, "http://") }

// Downloads reads a file as often at once, and tells the bytes that came.
func Downloads(ctx context.Context, addr string, read Read, atOnce int) (received int64, err error) {
	errs := make(chan error, atOnce)
	var total atomic.Int64
	for range atOnce {
		go func() {
			c, err := dial(ctx, addr)
			if err != nil {
				errs <- err
				return
			}
			defer c.close()
			status, size, err := c.ask(read)
			if err == nil && status != http.StatusOK {
				err = fmt.Errorf("%s answers %d", read.Name, status)
			}
			total.Add(size)
			errs <- err
		}()
	}
	for range atOnce {
		err = errors.Join(err, <-errs)
	}
	return total.Load(), err
}
