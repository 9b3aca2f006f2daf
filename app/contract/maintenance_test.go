package contract

import (
	"net/http"
	"testing"

	"github.com/vantahire/vantahire/app/apptest"
	"github.com/vantahire/vantahire/media/voiceclient"
)

// In maintenance nothing new begins, what runs goes on, and everything can be read
// (contract section 2.11).
func TestMaintenanceStopsWhatBeginsAndNotWhatRuns(t *testing.T) {
	t.Parallel()
	const text = "The service is in maintenance. Please try again later."
	h := apptest.Open(t)
	r, c, admin := h.Recruiter(), h.Candidate(), h.Admin()
	waiting, waitingToken := invited(r, `,"type":"VOICE","consentPolicy":"implied"`)
	_, token := invited(r, "")
	running := h.Link(token)
	running.Post("/interviews/candidate/start", "").Want(200)
	voiceID, voiceToken := invited(r, `,"type":"VOICE","consentPolicy":"implied","plan":`+validPlan)
	live := call(t, h, voiceID, voiceToken)
	admin.Patch("/admin/settings", `{"maintenanceMode":true}`).Want(200)

	for name, a := range map[string]apptest.Answer{
		"a recruiter creates": r.Post("/interviews", `{"candidateEmail":"x@example.com","jobRole":"x"}`),
		"a recruiter deletes": r.Delete("/interviews/" + waiting),
		"a name is changed":   c.Patch("/users/profile", `{"fullName":"x"}`),
		"an interview starts": h.Link(waitingToken).Post("/interviews/candidate/start", ""),
		"a call begins":       h.Nobody().Do(http.MethodGet, "/voice/"+waiting+"?token="+waitingToken, "", "Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
	} {
		t.Log(name)
		a.Refused(503, text)
		if a.Header.Get("Retry-After") == "" {
			t.Errorf("%s: it does not say when to try again", name)
		}
	}
	r.Get("/interviews").Want(200)
	r.Get("/users/recruiter-profile").Want(200)
	h.Nobody().Patch("/users/profile", `{}`).Refused(401, "Authentication required")
	c.Patch("/admin/settings", `{"maintenanceMode":false}`).Refused(403, "Insufficient permissions")
	admin.Post("/interviews", `{"candidateEmail":"x@example.com","jobRole":"x"}`).Want(201)

	running.Patch("/interviews/candidate/notes", `{"notes":"I am here"}`).Want(200)
	running.Post("/interviews/candidate/complete", "").Want(200)
	running.Post("/interviews/candidate/messages", `{"role":"user","content":"my last line"}`).Want(201)
	live.Drop()
	o := voiceclient.NewOptions(h.App.URL()+"/voice/"+voiceID, voiceToken)
	o.Typing = true
	again, err := voiceclient.Dial(t.Context(), o)
	if err != nil {
		t.Fatalf("the call is not taken up again: %v", err)
	}
	again.Drop()
	h.Recruiter() // logging in
	r.Post("/auth/logout", "").Want(200)
}
