package api

import (
	"context"
	"crypto/sha256"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/vantahire/vantahire/hiring"
)

const (
	headerIdempotencyKey = "Idempotency-Key"
	// headerReplayed marks an answer that was given before.
	headerReplayed = "Idempotent-Replayed"
	maxIdempotency = 255
	// repeatWait bounds what is written down after a handler has answered, also when
	// the client has left meanwhile.
	repeatWait = 5 * time.Second
)

var errBadIdempotencyKey = &problem{status: http.StatusBadRequest, message: "Idempotency-Key must have 1 to 255 characters"}

// secret keeps a route's answers out of what is kept for repeated requests.
func (d declared) secret() declared {
	d.secretAnswer = true
	return d
}

// once carries out a POST that has an Idempotency-Key once: who sends it again within
// a day gets the answer of the first time. What was refused may be sent again.
func (s *Server) once(d declared) fiber.Handler {
	return func(c *fiber.Ctx) error {
		key := c.Get(headerIdempotencyKey)
		principal := principalOf(actorOf(c))
		if key == "" || principal == "" || s.services.Repeats == nil {
			return c.Next()
		}
		if len(key) > maxIdempotency {
			return errBadIdempotencyKey
		}
		r := hiring.Request{Principal: principal, Route: d.method + " " + c.Path(), Key: sha256.Sum256([]byte(key)), Body: sha256.Sum256(c.Body())}
		before, err := s.services.Repeats.Begin(c.UserContext(), r)
		if err != nil {
			return err
		}
		if before != nil {
			c.Set(headerReplayed, "true")
			return answerRaw(c, before.Status, before.Answer)
		}
		done := false
		defer func() { // also for a panic
			if !done {
				s.conclude(c.UserContext(), func(ctx context.Context) error { return s.services.Repeats.Forget(ctx, r) })
			}
		}()
		if err := c.Next(); err != nil {
			return err
		}
		status := c.Response().StatusCode()
		if status >= http.StatusMultipleChoices {
			return nil
		}
		done = true
		var answer []byte
		if !d.secretAnswer {
			answer = append([]byte{}, c.Response().Body()...)
		}
		s.conclude(c.UserContext(), func(ctx context.Context) error { return s.services.Repeats.Finish(ctx, r, status, answer) })
		return nil
	}
}

// conclude writes down how a request went; a client that has left does not keep it
// from that.
func (s *Server) conclude(ctx context.Context, write func(context.Context) error) {
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), repeatWait)
	defer cancel()
	if err := write(within); err != nil {
		s.log.Warn("how a request went was not written down", "error", err)
	}
}

// principalOf names who sends a request; "" for nobody.
func principalOf(actor hiring.Actor) string {
	switch {
	case actor.IsUser():
		return actor.UserID
	case actor.Link != nil:
		return "interview:" + string(actor.Link.Interview.ID)
	}
	return ""
}
