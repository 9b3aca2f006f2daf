package contract

import (
	"testing"

	"github.com/vantahire/vantahire/app/apptest"
)

func TestASessionLivesUntilItsLogout(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	c := h.Recruiter()
	bearer := h.Nobody()
	bearer.Headers["Authorization"] = "Bearer " + c.Session
	h.Nobody().Post("/auth/logout", "").Refused(401, "Authentication required")
	bearer.Post("/auth/logout", "").Want(200)
	c.Post("/auth/logout", "").Refused(401, "Invalid or expired session")
}
