package api

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/vantahire/vantahire/hiring"
)

// declared is one route: what it is called by, who may call it, and how it answers.
// Every REST route is made by route or streamed, so there is none without a rule.
type declared struct {
	method, path string // the path as Fiber writes it: /jobs/:id
	access       access
	status       int // of success
	summary      string
	in, out      reflect.Type // nil for streamed routes without a JSON body
	decoder      *decoder
	handle       fiber.Handler // nil for streamed routes
	stream       http.Handler  // nil for JSON routes
	fields       []string      // of a multipart form, beside its file
	secretAnswer bool          // it shows what must not be kept
}

// request is a decoded request of an authorised caller.
type request[In any] struct {
	In    In
	Actor hiring.Actor
	// IfMatch is the version the caller last saw; nil when none was named
	// (RFC 9110, section 13.1.1).
	IfMatch *time.Time
	Fiber   *fiber.Ctx
}

// okBody is the contract's Ok.
type okBody struct {
	Success bool `json:"success"`
}

// route declares a JSON route. In's fields say where they are read from and what
// they must be (see decoder); Out is the answer's body. It panics on a declaration
// that makes no sense, before anything is served.
func route[In, Out any](method, path string, who access, status int, summary string, handle func(context.Context, request[In]) (Out, error)) declared {
	if who.who == audienceUnset {
		panic(fmt.Sprintf("api: %s %s declares nobody who may call it", method, path))
	}
	d := declared{
		method: method, path: path, access: who, status: status, summary: summary,
		in: reflect.TypeFor[In](), out: reflect.TypeFor[Out](), decoder: decoderFor(reflect.TypeFor[In](), method+" "+path),
	}
	d.handle = func(c *fiber.Ctx) error {
		r := request[In]{Actor: actorOf(c), Fiber: c}
		if err := d.decoder.decode(c, reflect.ValueOf(&r.In).Elem()); err != nil {
			return err
		}
		var err error
		if r.IfMatch, err = ifMatch(c.Get(fiber.HeaderIfMatch)); err != nil {
			return err
		}
		out, err := handle(c.UserContext(), r)
		if err != nil {
			return err
		}
		return answerVersioned(c, status, out)
	}
	return d
}

// streamed declares a route whose body is not JSON held in memory: uploads and
// downloads. It runs outside of Fiber, on the connection itself. An error it
// returns before it has written anything is answered like any other.
func (s *Server) streamed(method, path string, who access, status int, summary string, handle func(http.ResponseWriter, *http.Request, hiring.Actor) error) declared {
	if who.who == audienceUnset {
		panic(fmt.Sprintf("api: %s %s declares nobody who may call it", method, path))
	}
	return declared{
		method: method, path: path, access: who, status: status, summary: summary,
		stream: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			who, err := s.identify(r, who)
			who.announce(w.Header().Set)
			if err == nil {
				err = handle(w, r, who.actor)
			}
			if err != nil {
				s.writeProblem(w, r, err)
			}
		}),
	}
}

// first has a check run before the input is looked at.
func (d declared) first(check fiber.Handler) declared {
	next := d.handle
	d.handle = func(c *fiber.Ctx) error {
		if err := check(c); err != nil {
			return err
		}
		return next(c)
	}
	return d
}

// plainRoute declares a GET route without input that answers by itself.
func plainRoute(path string, who access, summary string, out reflect.Type, handle fiber.Handler) declared {
	return declared{
		method: http.MethodGet, path: path, access: who, status: http.StatusOK, summary: summary,
		in: reflect.TypeFor[struct{}](), out: out, decoder: &decoder{}, handle: handle,
	}
}

// versioned rows can be asked for only if changed, and changed only if unchanged.
type versioned interface{ version() time.Time }

// answerVersioned answers with the body, which has an ETag when it has a version: a
// GET whose caller has that body is a 304.
func answerVersioned(c *fiber.Ctx, status int, out any) error {
	if c.Response().Header.StatusCode() != http.StatusOK { // the handler chose another success
		status = c.Response().StatusCode()
	}
	row, ok := out.(versioned)
	if !ok {
		return answerJSON(c, status, out)
	}
	raw, err := marshal(out)
	if err != nil {
		return err
	}
	tag := etag(row.version(), raw)
	c.Set(fiber.HeaderETag, tag)
	if (c.Method() == http.MethodGet || c.Method() == http.MethodHead) && matchesAny(c.Get(fiber.HeaderIfNoneMatch), tag) {
		return c.SendStatus(http.StatusNotModified)
	}
	return answerRaw(c, status, raw)
}

const decimal = 10

// paging are the list parameters of contract section 1.4. What is no number from 1
// on is the default.
type paging struct {
	Page         string     `query:"page"`
	Limit        string     `query:"limit"`
	Cursor       string     `query:"cursor" maxLength:"300"`
	UpdatedAfter *time.Time `query:"updatedAfter"`
}

const (
	defaultLimit = 20
	// maxLimit bounds a page: the web frontend asks for 500 (contract section 1.4).
	maxLimit = 1000
)

func (p paging) query() hiring.PageQuery { return p.bounded(defaultLimit, maxLimit) }

func (p paging) bounded(limit, most int) hiring.PageQuery {
	return hiring.PageQuery{Page: countOr(p.Page, 1), Limit: min(countOr(p.Limit, limit), most), Cursor: p.Cursor, UpdatedAfter: p.UpdatedAfter}
}

// pagingWide are the same for the logs of keys.
type pagingWide struct{ paging }

const wideLimit, maxWideLimit = 50, 100

func (p pagingWide) query() hiring.PageQuery { return p.bounded(wideLimit, maxWideLimit) }

func countOr(text string, fallback int) int {
	n, err := strconv.ParseInt(text, decimal, 32)
	if err != nil || n < 1 {
		return fallback
	}
	return int(n)
}

// pageBody is the contract's page (section 1.4) with the cursor of the next one.
type pageBody[T any] struct {
	Data       []T        `json:"data" nullable:"false"`
	Pagination pagination `json:"pagination"`
}

type pagination struct {
	Page       int     `json:"page"`
	Limit      int     `json:"limit"`
	Total      int     `json:"total"`
	TotalPages int     `json:"totalPages"`
	NextCursor *string `json:"nextCursor"`
}

// pageOf turns a part of a list into its answer.
func pageOf[R, T any](q hiring.PageQuery, page hiring.Page[R], show func(R) T) pageBody[T] {
	body := pageBody[T]{Data: make([]T, len(page.Rows)), Pagination: pagination{
		Page: q.Page, Limit: q.Limit, Total: page.Total, TotalPages: (page.Total + q.Limit - 1) / q.Limit,
	}}
	for i, row := range page.Rows {
		body.Data[i] = show(row)
	}
	if page.NextCursor != "" {
		body.Pagination.NextCursor = &page.NextCursor
	}
	return body
}
