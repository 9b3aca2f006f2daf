package contract

import (
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/app/apptest"
	"github.com/vantahire/vantahire/store/testdb"
)

// What had its time while nobody served is tidied up by whoever starts next.
func TestDutiesAreDoneAtTheStart(t *testing.T) {
	t.Parallel()
	url, redis := testdb.New(t), testdb.Redis(t)
	before := apptest.Beside(t, url, redis, "VANTAHIRE_JOBS", "false")
	r := before.Recruiter()
	id, _ := interviewOf(r, "")
	expiring, _ := newKey(r, "")
	used, _ := newKey(r, "")
	kept := upload(r, "/files", "a.png", "image/png", png, "category", "LOGO").Want(201).Str("id")
	c := before.Candidate()
	loose := upload(c, "/files", "cv.pdf", "application/pdf", pdf, "category", "RESUME", "purpose", "application_resume").Want(201).Str("id")
	for _, sql := range []string{
		`UPDATE "Interview" SET "expiresAt" = now() - interval '1 minute'`,
		`UPDATE "InterviewSession" SET "expiresAt" = now() - interval '31 days'`,
		`UPDATE "ApiKey" SET "requestsToday" = 5, "lastResetAt" = now() - interval '2 days'`,
		`UPDATE "ApiKey" SET "expiresAt" = now() - interval '1 minute' WHERE id = '` + expiring + `'`,
		`UPDATE "File" SET "createdAt" = now() - interval '25 hours'`,
	} {
		if _, err := before.Pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	before.Close()
	h := apptest.Beside(t, url, redis)
	const want = "EXPIRED EXPIRED 0 0 1 0"
	got := ""
	for deadline := time.Now().Add(time.Minute); got != want; {
		err := h.Pool.QueryRow(t.Context(), `
			SELECT concat_ws(' ', (SELECT status FROM "Interview" WHERE id = $1), (SELECT status FROM "ApiKey" WHERE id = $2), (SELECT "requestsToday" FROM "ApiKey" WHERE id = $5),
				(SELECT count(*) FROM "InterviewSession"), (SELECT count(*) FROM "File" WHERE id = $3), (SELECT count(*) FROM "File" WHERE id = $4))`, id, expiring, kept, loose, used).Scan(&got)
		if err != nil {
			t.Fatal(err)
		}
		if time.Now().After(deadline) {
			t.Fatalf("it stands at %s, want %s", got, want)
		}
	}
	for _, metric := range []string{"vantahire_jobs_done_total", "vantahire_jobs_failed_total 0"} {
		if a := h.Nobody().Get("/metrics"); !strings.Contains(a.Body, metric) {
			t.Errorf("the metrics lack %s", metric)
		}
	}
}
