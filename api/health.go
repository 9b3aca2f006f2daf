package api

import (
	"context"
	"net/http"
	"reflect"
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

// retryWhenUnready is when a balancer that was told "not ready" may ask again,
// in seconds. Outages and restarts pass that fast.
const retryWhenUnready = "1"

type readyBody struct {
	Status  string   `json:"status"`
	Reasons []string `json:"reasons,omitempty"`
}

func (s *Server) healthRoutes() []declared {
	return []declared{
		plainRoute("/health", accessPublic, "Check the database and Redis", reflect.TypeFor[healthBody](), s.health),
		plainRoute("/ready", accessPublic, "Tell whether new interviews may come here", reflect.TypeFor[readyBody](), s.ready),
	}
}

// ready tells a load balancer whether new interviews may come here. Calls that are
// live go on either way.
func (s *Server) ready(c *fiber.Ctx) error {
	var reasons []string
	if s.services.Ready != nil {
		reasons = s.services.Ready()
	}
	if len(reasons) > 0 {
		c.Set(fiber.HeaderRetryAfter, retryWhenUnready)
		return answerJSON(c, http.StatusServiceUnavailable, readyBody{"not ready", reasons})
	}
	return answerJSON(c, http.StatusOK, readyBody{Status: "ready"})
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
