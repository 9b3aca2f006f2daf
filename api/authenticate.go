package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/vantahire/vantahire/hiring"
)

// sessionCookie is the cookie of contract section 1.2.
const sessionCookie = "session"

// The texts of contract section 1.2.
var (
	errUnauthorised = &problem{status: http.StatusUnauthorized, message: "Authentication required"}
	errBadSession   = &problem{status: http.StatusUnauthorized, message: "Invalid or expired session"}
	errForbidden    = &problem{status: http.StatusForbidden, message: "Insufficient permissions"}
)

// identity is who calls.
type identity struct {
	actor hiring.Actor
	key   *hiring.KeyUse // nil when no API key was used
	spent bool           // the key's limit was reached before this request
}

// announce tells a program how much of its key is left, by the headers of the IETF
// draft and by those that were usual before.
func (i identity) announce(set func(name, value string)) {
	if i.key == nil {
		return
	}
	left := max(0, int(time.Until(i.key.Reset)/time.Second)+1)
	for _, prefix := range []string{"X-RateLimit-", "RateLimit-"} {
		set(prefix+"Limit", strconv.Itoa(i.key.Limit))
		set(prefix+"Remaining", strconv.Itoa(i.key.Remaining))
	}
	set("RateLimit-Reset", strconv.Itoa(left))
	set("X-RateLimit-Reset", strconv.FormatInt(i.key.Reset.Unix(), decimal))
	if i.spent {
		set("Retry-After", strconv.Itoa(left))
	}
}

// identify finds out who calls and whether the rule lets him. What it looks at is
// the request of net/http, so that it serves every route.
func (s *Server) identify(r *http.Request, rule access) (identity, error) {
	if rule.who == audiencePublic {
		return identity{}, nil
	}
	who, err := s.caller(r, rule)
	if err != nil {
		return who, err
	}
	if err := allow(who.actor, rule); err != nil {
		return who, err
	}
	return who, s.admits(r, rule, who.actor)
}

// caller is who presents the request's credentials. A link that is presented where
// one may be is held to account even beside a session (contract section 3.1.2).
func (s *Server) caller(r *http.Request, rule access) (identity, error) {
	var who identity
	ctx := r.Context()
	if rule.who == audienceLink || rule.who == audienceAnybody {
		token := interviewToken(r)
		if token != "" || rule.who == audienceLink {
			access, err := s.services.Hiring.Authorise(ctx, token)
			if err != nil {
				return who, err
			}
			s.services.Hiring.Count(access)
			who.actor.Link = &access
		}
		if rule.who == audienceLink {
			return who, nil
		}
	}
	raw, given := credential(r)
	var err error
	switch {
	case !given:
		return who, nil
	case isKey(raw), r.Header.Get(headerKey) != "":
		if rule.keys == "" {
			return who, errForbidden
		}
		who, err = s.byKey(ctx, raw, rule.keys, who)
	case rule.developer && s.cfg.DevKey != "" && sameSecret(raw, s.cfg.DevKey):
		var u hiring.User
		if u, err = s.services.Hiring.DevelopmentRecruiter(ctx); err == nil {
			who.actor.UserID, who.actor.Email, who.actor.Role = u.ID, u.Email, u.Role
		}
	default:
		who, err = s.bySession(ctx, raw, who)
	}
	if rule.who == audienceAnybody && errors.Is(err, errBadSession) {
		return who, nil // a page's old cookie must not hide what everybody may see
	}
	return who, err
}

func (s *Server) byKey(ctx context.Context, raw, scope string, who identity) (identity, error) {
	if s.services.Keys == nil {
		return who, errBadSession
	}
	use, err := s.services.Keys.Authenticate(ctx, raw)
	if use.Actor.KeyID != "" {
		note(ctx).keyID = use.Actor.KeyID
		who.key = &use
	}
	if err != nil {
		var refused *hiring.RefusedError
		who.spent = errors.As(err, &refused) && refused.Kind == hiring.KindTooMany
		return who, err
	}
	if !hasScope(use.Scopes, scope) {
		return who, errForbidden
	}
	use.Actor.Link, who.actor = who.actor.Link, use.Actor
	return who, nil
}

func (s *Server) bySession(ctx context.Context, id string, who identity) (identity, error) {
	actor, err := s.services.Accounts.Identify(ctx, id)
	if errors.Is(err, hiring.ErrNotFound) {
		return who, errBadSession
	}
	if err != nil {
		return who, err
	}
	actor.Link, who.actor = who.actor.Link, actor
	return who, nil
}

// allow holds the caller against the rule.
func allow(actor hiring.Actor, rule access) error {
	switch rule.who {
	case audienceAnybody, audienceLink:
		return nil
	default:
	}
	if !actor.IsUser() {
		return errUnauthorised
	}
	fits := rule.who == audienceSession ||
		rule.who == audienceRecruiter && actor.Recruits() ||
		rule.who == audienceCandidate && actor.Role == hiring.RoleCandidate ||
		rule.who == audienceAdmin && actor.IsAdmin()
	if !fits {
		return errForbidden
	}
	return nil
}

// credential is what the request presents for a user: an explicit header before the
// cookie a browser sends by itself.
func credential(r *http.Request) (raw string, given bool) {
	for _, header := range []string{r.Header.Get(headerKey), r.Header.Get("X-Dev-Key"), bearer(r.Header.Get("Authorization"))} {
		if header != "" {
			return header, true
		}
	}
	if c, err := r.Cookie(sessionCookie); err == nil && c.Value != "" {
		return c.Value, true
	}
	return "", false
}

// headerKey carries API keys and nothing else. It comes before every other credential.
const headerKey = "X-API-Key"

// isKey tells an API key from a session by its prefix (contract section 11, D11).
func isKey(raw string) bool { return strings.HasPrefix(raw, "vh_") || strings.HasPrefix(raw, "vt_") }

// may reports whether the caller may see what a scope is for beside the route's own:
// a key no more than it says, a session everything.
func may(actor hiring.Actor, scope string) bool {
	return actor.KeyID == "" || hasScope(actor.Scopes, scope)
}

// hasScope reports whether a key's scopes cover the wanted one. They are free
// texts (contract section 2.8): admin and * cover everything, jobs:* all of jobs,
// and read:jobs is an old spelling of jobs:read.
func hasScope(scopes []string, wanted string) bool {
	area, verb, _ := strings.Cut(wanted, ":")
	return slices.ContainsFunc(scopes, func(s string) bool {
		switch s {
		case wanted, "admin", "*", area + ":*", verb + ":*", verb + ":" + area:
			return true
		}
		return false
	})
}

const localActor = "actor"

// guard is the first handler of every Fiber route.
func (s *Server) guard(rule access) fiber.Handler {
	return func(c *fiber.Ctx) error {
		who, err := s.identify(requestOf(c), rule)
		who.announce(c.Set)
		if err != nil {
			return err
		}
		c.Locals(localActor, who.actor)
		return c.Next()
	}
}

func actorOf(c *fiber.Ctx) hiring.Actor {
	actor, _ := c.Locals(localActor).(hiring.Actor)
	return actor
}

func sameSecret(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
