package api

import (
	"context"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"
)

// healthTimeout bounds the check, so that a load balancer learns of a hanging
// database before its own patience ends.
const healthTimeout = 3 * time.Second

type healthBody struct {
	Status    string  `json:"status"`
	Timestamp instant `json:"timestamp"`
}

type unhealthyBody struct {
	Status string `json:"status"`
	Error  string `json:"error"`
}

// health is contract section 2.1: a database query and a Redis ping.
func (s *Server) health(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(c.UserContext(), healthTimeout)
	defer cancel()
	if err := s.services.Healthy(ctx); err != nil {
		s.log.Warn("unhealthy", "error", err)
		return answerJSON(c, http.StatusInternalServerError, unhealthyBody{"unhealthy", "A dependency does not answer"})
	}
	return answerJSON(c, http.StatusOK, healthBody{"healthy", instant(time.Now())})
}
