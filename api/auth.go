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
		route(http.MethodGet, "/auth/me", accessSession.scope("interviews:read"), http.StatusOK, "Read the caller's account", s.me),
		route(http.MethodPost, "/auth/logout", accessSession.always(), http.StatusOK, "End the session", s.logout),
		route(http.MethodPost, "/auth/test-login", accessPublic, http.StatusOK, "Log an end-to-end suite in", s.testLogin).first(s.testLoginOpen),
	}
}

// meBody is the caller's account (contract section 2.2).
type meBody struct {
	ID               string               `json:"id"`
	Email            string               `json:"email"`
	Role             hiring.UserRole      `json:"role" enum:"RECRUITER,CANDIDATE,ADMIN"`
	FullName         *string              `json:"fullName"`
	AvatarURL        *string              `json:"avatarUrl"`
	RecruiterProfile *recruiterProfileRow `json:"recruiterProfile"`
	CandidateProfile *candidateProfileRow `json:"candidateProfile"`
}

func (s *Server) me(ctx context.Context, r request[struct{}]) (meBody, error) {
	p, err := s.services.Accounts.Me(ctx, r.Actor)
	if err != nil {
		return meBody{}, err
	}
	return meBody{p.ID, p.Email, p.Role, p.FullName, p.AvatarURL, recruiterProfileOf(p.Recruiter), candidateProfileOf(p.Candidate)}, nil
}

type testLoginIn struct {
	Email    string          `json:"email" format:"email" maxLength:"254"`
	Role     hiring.UserRole `json:"role" enum:"RECRUITER,CANDIDATE,ADMIN"`
	FullName *string         `json:"fullName" maxLength:"100"`
}

type testLoginBody struct {
	ID       string          `json:"id"`
	Email    string          `json:"email"`
	Role     hiring.UserRole `json:"role" enum:"RECRUITER,CANDIDATE,ADMIN"`
	FullName *string         `json:"fullName"`
}

// testLoginOpen is asked before the body is looked at: a door that is closed tells
// nothing (contract section 7.6).
func (s *Server) testLoginOpen(c *fiber.Ctx) error {
	if s.cfg.Production || s.cfg.TestToken == "" {
		return errNotFoundRoute
	}
	given := c.Get("X-Test-Token")
	if given == "" {
		given = bearer(c.Get(fiber.HeaderAuthorization))
	}
	if !sameSecret(given, s.cfg.TestToken) {
		return &problem{status: http.StatusUnauthorized, message: "Unauthorized"}
	}
	return nil
}

func (s *Server) testLogin(ctx context.Context, r request[testLoginIn]) (testLoginBody, error) {
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
	r.Fiber.Response().Header.Add(fiber.HeaderSetCookie, sessionCookie+"=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"+s.secureAttribute())
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
