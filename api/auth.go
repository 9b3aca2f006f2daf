package api

import (
	"context"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/vantahire/vantahire/hiring"
)

func (s *Server) authRoutes() []declared {
	return []declared{
		route(http.MethodPost, "/auth/test-login", accessPublic, http.StatusOK, "Log an end-to-end suite in", s.testLogin),
		route(http.MethodPost, "/auth/logout", accessSession, http.StatusOK, "End the session", s.logout),
	}
}

type testLoginIn struct {
	Email    string          `json:"email" format:"email" maxLength:"254"`
	Role     hiring.UserRole `json:"role" enum:"RECRUITER,CANDIDATE,ADMIN"`
	FullName *string         `json:"fullName" maxLength:"100"`
}

type testLoginBody struct {
	ID       string          `json:"id"`
	Email    string          `json:"email"`
	Role     hiring.UserRole `json:"role"`
	FullName *string         `json:"fullName"`
}

// testLogin is contract section 7.6.
func (s *Server) testLogin(ctx context.Context, r request[testLoginIn]) (testLoginBody, error) {
	if s.cfg.Production || s.cfg.TestToken == "" {
		return testLoginBody{}, errNotFoundRoute
	}
	given := r.Fiber.Get("X-Test-Token")
	if given == "" {
		given = bearer(r.Fiber.Get(fiber.HeaderAuthorization))
	}
	if !sameSecret(given, s.cfg.TestToken) {
		return testLoginBody{}, &problem{status: http.StatusUnauthorized, message: "Unauthorized"}
	}
	user, login, err := s.services.Accounts.TestLogin(ctx, r.In.Email, r.In.Role, r.In.FullName)
	if err != nil {
		return testLoginBody{}, err
	}
	s.setSession(r.Fiber, login.ID)
	return testLoginBody{user.ID, user.Email, user.Role, user.FullName}, nil
}

// logout ends the session and clears its cookie.
func (s *Server) logout(ctx context.Context, r request[struct{}]) (okBody, error) {
	if err := s.services.Accounts.Logout(ctx, r.Actor); err != nil {
		return okBody{}, err
	}
	r.Fiber.Set(fiber.HeaderSetCookie, sessionCookie+"=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"+s.secureAttribute())
	return okBody{true}, nil
}

// setSession gives the browser its session (contract section 1.2).
func (s *Server) setSession(c *fiber.Ctx, id string) {
	cookie := http.Cookie{ //nolint:gosec // Secure only in production: contract section 1.2
		Name: sessionCookie, Value: id, Path: "/", MaxAge: int(s.cfg.SessionTTL / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.cfg.Production,
	}
	c.Response().Header.Add(fiber.HeaderSetCookie, cookie.String())
}

func (s *Server) secureAttribute() string {
	if s.cfg.Production {
		return "; Secure"
	}
	return ""
}
