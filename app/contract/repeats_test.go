package contract

import (
	"strings"
	"sync"
	"testing"

	"github.com/vantahire/vantahire/app/apptest"
)

func TestARequestWithAKeyIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, other := h.Recruiter(), h.Recruiter()
	send := func(c *apptest.Client, path, key, body string) apptest.Answer {
		return c.Do("POST", path, body, "Idempotency-Key", key)
	}
	first := send(r, "/jobs", "one", `{"title":"Engineer"}`).Want(201)
	again := send(r, "/jobs", "one", `{"title":"Engineer"}`).Want(201)
	if again.Body != first.Body || again.Header.Get("Idempotent-Replayed") != "true" || first.Header.Get("Idempotent-Replayed") != "" {
		t.Errorf("again: %s %v", again.Body, again.Header)
	}
	send(r, "/jobs", "one", `{"title":"Designer"}`).Refused(422, "This Idempotency-Key was used with another body")
	if a := send(other, "/jobs", "one", `{"title":"Engineer"}`).Want(201); a.Str("id") == first.Str("id") {
		t.Errorf("another's key gave %s", a.Body)
	}
	send(r, "/jobs", "two", `{}`).Want(400)
	send(r, "/jobs", "two", `{}`).Want(400)
	send(r, "/jobs", strings.Repeat("x", 256), `{"title":"x"}`).Want(400)
	send(r, "/api-keys", "three", `{"name":"Key"}`).Want(201)
	send(r, "/api-keys", "three", `{"name":"Key"}`).Refused(409, "This request was carried out before; its answer is not kept")
	var mu sync.Mutex
	counts := map[int]int{}
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			a := send(r, "/jobs", "four", `{"title":"At once"}`)
			mu.Lock()
			counts[a.Status]++
			mu.Unlock()
		})
	}
	all.Wait()
	if counts[201]+counts[409] != 10 || counts[201] == 0 {
		t.Errorf("ten at once: %v", counts)
	}
	for sql, want := range map[string]int{
		`SELECT count(*) FROM "Job" WHERE title = 'At once'`:                          1,
		`SELECT count(*) FROM "ApiKey"`:                                               1,
		`SELECT count(*) FROM idempotency WHERE convert_from(answer, 'UTF8') ~ 'vh_'`: 0,
	} {
		var n int
		if err := h.Pool.QueryRow(t.Context(), sql).Scan(&n); err != nil || n != want {
			t.Errorf("%s: %d, want %d (%v)", sql, n, want, err)
		}
	}
	if _, err := h.Pool.Exec(t.Context(), `UPDATE idempotency SET status = NULL, answer = NULL, created_at = now() - interval '4 minutes' WHERE route = 'POST /jobs'`); err != nil {
		t.Fatal(err)
	}
	send(r, "/jobs", "four", `{"title":"At once"}`).Want(201) // whoever carried it out is dead
}
