package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/vantahire/vantahire/hiring"
)

// errorBody is the one shape of an error (contract section 1.3).
type errorBody struct {
	Error   string   `json:"error"`
	Details *details `json:"details,omitempty"`
	// ValidTransitions are the states one may go to instead.
	ValidTransitions *[]string `json:"validTransitions,omitempty"`
}

// details list what is wrong with a request, by field.
type details struct {
	FormErrors  []string            `json:"formErrors"`
	FieldErrors map[string][]string `json:"fieldErrors"`
}

// problem is an outcome a client is told.
type problem struct {
	status  int
	message string
	details *details
	// transitions are told on a change of state that is not allowed.
	transitions *[]string
}

// Error is the text the client sees.
func (p *problem) Error() string { return p.message }

// The problems of this edge, with the contract's texts.
var (
	errNotFoundRoute = &problem{status: http.StatusNotFound, message: "Not found"}
	errNoInterview   = &problem{status: http.StatusNotFound, message: "Interview not found"}
	errInvalidJSON   = &problem{status: http.StatusBadRequest, message: "Invalid JSON"}
)

func invalidInput(form []string, fields map[string][]string) *problem {
	if form == nil {
		form = []string{}
	}
	if fields == nil {
		fields = map[string][]string{}
	}
	return &problem{status: http.StatusBadRequest, message: "Invalid input", details: &details{FormErrors: form, FieldErrors: fields}}
}

// handleError turns a handler's error into its answer.
func (s *Server) handleError(c *fiber.Ctx, err error) error {
	var router *fiber.Error
	if errors.As(err, &router) && (router.Code == fiber.StatusNotFound || router.Code == fiber.StatusMethodNotAllowed) {
		err = errNotFoundRoute // a wrong method is an unknown route (contract section 1.1)
	}
	p := s.outcome(err, requestID(c), c.Method(), c.Path())
	if seconds := retryAfter(err); seconds > 0 {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(seconds))
	}
	return answerJSON(c, p.status, p.body())
}

// writeProblem is the same outside of the Fiber app.
func (s *Server) writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	p := s.outcome(err, r.Header.Get(headerRequestID), r.Method, r.URL.Path)
	if seconds := retryAfter(err); seconds > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
	}
	raw, _ := json.Marshal(p.body()) // texts always have a JSON form
	w.Header().Set("Content-Type", fiber.MIMEApplicationJSON)
	w.WriteHeader(p.status)
	_, _ = w.Write(raw)
}

func (p *problem) body() errorBody { return errorBody{p.message, p.details, p.transitions} }

// outcome is what a client is told of an error. What is not a known outcome is
// logged with the request's id and told as little as possible.
func (s *Server) outcome(err error, id, method, path string) *problem {
	var (
		known   *problem
		invalid *hiring.InvalidError
		refused *hiring.RefusedError
		link    hiring.Refusal
		text    *hiring.TextError
		later   *laterError
	)
	switch {
	case errors.As(err, &known):
	case errors.As(err, &later):
		s.log.Warn("refused for now", "request", id, "method", method, "path", path, "error", err)
		known = &problem{status: http.StatusServiceUnavailable, message: later.text}
	case errors.As(err, &invalid):
		known = invalidInput(nil, invalid.Fields)
		if invalid.Text != "" {
			known.message = invalid.Text
		}
	case errors.As(err, &refused):
		known = &problem{status: statusOf(refused.Kind), message: refused.Text}
		if refused.ValidTransitions != nil {
			known.transitions = &refused.ValidTransitions
		}
	case errors.As(err, &link):
		known = &problem{status: http.StatusUnauthorized, message: link.Error()}
		if link == hiring.ErrInterviewExpired {
			known.status = http.StatusGone
		}
	case errors.As(err, &text):
		known = invalidInput(nil, map[string][]string{text.Field: {"Invalid"}})
	case errors.Is(err, hiring.ErrNotFound):
		known = errNoInterview
	default:
		s.log.Error("request failed", "request", id, "method", method, "path", path, "error", err)
		known = &problem{status: http.StatusInternalServerError, message: "Internal server error"}
		if !s.cfg.Production && !errors.As(err, new(*panicError)) {
			known.message = publicText(err)
		}
	}
	return known
}

func statusOf(kind hiring.Kind) int {
	switch kind {
	case hiring.KindInvalid:
		return http.StatusBadRequest
	case hiring.KindUnauthenticated:
		return http.StatusUnauthorized
	case hiring.KindForbidden:
		return http.StatusForbidden
	case hiring.KindNotFound:
		return http.StatusNotFound
	case hiring.KindConflict:
		return http.StatusConflict
	case hiring.KindGone:
		return http.StatusGone
	case hiring.KindStale:
		return http.StatusPreconditionFailed
	case hiring.KindUnprocessable:
		return http.StatusUnprocessableEntity
	case hiring.KindTooMany:
		return http.StatusTooManyRequests
	case hiring.KindUnavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// retryAfter is when a client that is refused for now may ask again, in seconds; 0
// for other outcomes.
func retryAfter(err error) int {
	var later *laterError
	if errors.As(err, &later) {
		return later.seconds
	}
	var refused *hiring.RefusedError
	if errors.As(err, &refused) && refused.Kind == hiring.KindUnavailable {
		return retryWhenAway
	}
	return 0
}

// publicText is what a developer is told about an unexpected error outside of
// production. It never carries what a database said.
func publicText(err error) string {
	if errors.Is(err, http.ErrHandlerTimeout) {
		return "Request timed out"
	}
	return "Internal server error"
}

func answerJSON(c *fiber.Ctx, status int, body any) error {
	raw, err := marshal(body)
	if err != nil {
		return err
	}
	return answerRaw(c, status, raw)
}

func marshal(body any) ([]byte, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("write the answer: %w", err)
	}
	return raw, nil
}

func answerRaw(c *fiber.Ctx, status int, raw []byte) error {
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	return c.Status(status).Send(raw)
}

// writeError answers outside of the Fiber app, in the same shape.
func writeError(w http.ResponseWriter, status int, message string) {
	raw, _ := json.Marshal(errorBody{Error: message}) // a string always has a JSON form
	w.Header().Set("Content-Type", fiber.MIMEApplicationJSON)
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}

// instant is a moment as the contract writes it: UTC with exactly three fraction
// digits.
type instant time.Time

const instantFormat = "2006-01-02T15:04:05.000Z"

// MarshalJSON writes the moment.
func (i instant) MarshalJSON() ([]byte, error) {
	return json.Marshal(time.Time(i).UTC().Format(instantFormat))
}

// instantOf keeps a null a null.
func instantOf(t *time.Time) *instant {
	if t == nil {
		return nil
	}
	i := instant(*t)
	return &i
}
