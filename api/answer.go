package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/vantahire/vantahire/hiring"
)

// errorBody is the one shape of an error (contract section 1.3).
type errorBody struct {
	Error   string   `json:"error"`
	Details *details `json:"details,omitempty"`
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
}

// Error is the text the client sees.
func (p *problem) Error() string { return p.message }

// The problems of this edge, with the contract's texts.
var (
	errNotFoundRoute = &problem{status: http.StatusNotFound, message: "Not found"}
	errUnauthorised  = &problem{status: http.StatusUnauthorized, message: "Authentication required"}
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
	return &problem{http.StatusBadRequest, "Invalid input", &details{FormErrors: form, FieldErrors: fields}}
}

// handleError turns a handler's error into its answer. What is not a known
// outcome is logged with the request's id and told as little as possible.
func (s *Server) handleError(c *fiber.Ctx, err error) error {
	var (
		known   *problem
		invalid *hiring.InvalidError
		router  *fiber.Error
	)
	switch {
	case errors.As(err, &known):
	case errors.As(err, &invalid):
		known = invalidInput(nil, invalid.Fields)
	case errors.Is(err, hiring.ErrNotFound):
		known = errNoInterview
	case errors.As(err, &router) && (router.Code == fiber.StatusNotFound || router.Code == fiber.StatusMethodNotAllowed):
		known = errNotFoundRoute // a wrong method is an unknown route (contract section 1.1)
	default:
		s.log.Error("request failed", "request", requestID(c), "method", c.Method(), "path", c.Path(), "error", err)
		known = &problem{status: http.StatusInternalServerError, message: "Internal server error"}
		if !s.cfg.Production && !errors.As(err, new(*panicError)) {
			known.message = publicText(err)
		}
	}
	return answerJSON(c, known.status, errorBody{known.message, known.details})
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
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
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
