package contract

import (
	"testing"

	"github.com/vantahire/vantahire/app/apptest"
)

// The newest message of each interview one owns, in both spellings of its keys
// (contract section 2.9).
func TestTheStatusOfMessagesIsTheNewestOfOnesOwn(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, other, admin, c := h.Recruiter(), h.Recruiter(), h.Admin(), h.Candidate()
	mine, _ := invited(r, "")
	silent, _ := invited(r, "")
	theirs, _ := invited(other, "")
	for _, id := range []string{mine, theirs} {
		for _, sql := range []string{
			`INSERT INTO "EmailMessage" ("interviewId", "recipientEmail", status, "createdAt") VALUES ($1, 'old@example.com', 'failed', now() - interval '1 hour')`,
			`INSERT INTO "EmailMessage" ("interviewId", "recipientEmail", status, "messageId", "sentAt", "createdAt") VALUES ($1, 'new@example.com', 'sent', 'mail of ' || $1, now(), now())`,
			`INSERT INTO "WhatsAppMessage" ("interviewId", "candidatePhone", status, "createdAt") VALUES ($1, '+1', 'failed', now() - interval '1 hour')`,
			`INSERT INTO "WhatsAppMessage" ("interviewId", "candidatePhone", status, "readAt", "createdAt") VALUES ($1, '+15551234567', 'read', now(), now())`,
		} {
			if _, err := h.Pool.Exec(t.Context(), sql, id); err != nil {
				t.Fatal(err)
			}
		}
	}
	asked := `{"interviewIds":["` + mine + `","` + mine + `","` + silent + `","` + theirs + `","nobody"]}`
	for channel, fields := range map[string][]string{
		"email": {
			"id", "interviewId", "recipientEmail", "messageId", "status", "sentAt", "deliveredAt", "openedAt", "bouncedAt", "failedAt", "errorMessage", "createdAt", "updatedAt",
			"interview_id", "recipient_email", "message_id", "sent_at", "delivered_at", "opened_at", "bounced_at", "failed_at", "error_message", "created_at", "updated_at",
		},
		"whatsapp": {
			"id", "interviewId", "candidatePhone", "messageId", "status", "sentAt", "deliveredAt", "readAt", "failedAt", "errorMessage", "createdAt", "updatedAt",
			"candidate_phone", "sent_at", "delivered_at", "read_at",
		},
	} {
		path := "/notifications/" + channel + "/status"
		a := r.Post(path, asked).Want(200)
		rows, _ := a.JSON().(map[string]any)
		if len(rows) != 1 {
			t.Errorf("%s: the owner sees %s", channel, a.Body)
		}
		if gone := missing(rows[mine], fields); len(gone) > 0 {
			t.Errorf("%s: there is no %v in %s", channel, gone, a.Body)
		}
		if s := a.Str(mine + ".status"); s != map[string]string{"email": "sent", "whatsapp": "read"}[channel] {
			t.Errorf("%s: the newest is %q", channel, s)
		}
		if rows, _ := admin.Post(path, asked).Want(200).JSON().(map[string]any); len(rows) != 2 {
			t.Errorf("%s: an administrator sees %v", channel, rows)
		}
		for _, nobody := range []*apptest.Client{c, h.Recruiter()} {
			if a := nobody.Post(path, asked).Want(200); a.Body != "{}" {
				t.Errorf("%s: somebody else sees %s", channel, a.Body)
			}
		}
		if a := r.Post(path, `{"interviewIds":[]}`).Want(200); a.Body != "{}" {
			t.Errorf("%s: asked for none: %s", channel, a.Body)
		}
		r.Post(path, `{}`).Refused(400, "Invalid input")
		r.Post(path, `{"interviewIds":[1]}`).Refused(400, "Invalid input")
		h.Nobody().Post(path, asked).Refused(401, "Authentication required")
	}
}
