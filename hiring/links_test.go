package hiring_test

import (
	"errors"
	"testing"
	"time"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/hiring/hiringtest"
)

// Contract section 3.1.2: a chosen end, else the set life, else the interview's end,
// else seven days.
func TestWhenALinkEnds(t *testing.T) {
	t.Parallel()
	now := time.Now()
	chosen, soon, past := now.Add(time.Hour).UTC().Truncate(time.Millisecond), now.Add(2*time.Hour), now.Add(-time.Hour)
	for name, c := range map[string]struct {
		chosen *time.Time
		ttl    time.Duration
		ends   *time.Time // of the interview
		want   time.Time
	}{
		"chosen":                              {&chosen, 72 * time.Hour, &soon, chosen},
		"chosen, in the past":                 {&past, 0, &soon, past},
		"a set life":                          {nil, 72 * time.Hour, &soon, now.Add(72 * time.Hour)},
		"with its interview":                  {nil, 0, &soon, soon},
		"its interview's end is over":         {nil, 0, &past, now.Add(7 * 24 * time.Hour)},
		"its interview has no end of its own": {nil, 0, nil, now.Add(7 * 24 * time.Hour)},
	} {
		memory := hiringtest.NewMemory()
		s := hiring.NewService(memory.Repositories(), &followers{}, hiring.Options{FrontendURL: "https://jobs.test", LinkTTL: time.Hour, TokenTTL: c.ttl, Consent: hiring.ConsentRequired})
		row, _, err := s.Create(t.Context(), recruiter, wanted())
		if err != nil {
			t.Fatal(err)
		}
		memory.Edit(row.ID, func(i *hiring.Interview) { i.ExpiresAt = c.ends })
		link, url, err := s.IssueLink(t.Context(), recruiter, row.ID, c.chosen)
		if off := link.ExpiresAt.Sub(c.want); err != nil || off < -time.Second || off > 10*time.Second {
			t.Errorf("%s: the link ends %s beside %s (%v)", name, off, c.want, err)
		}
		if want := "https://jobs.test/voice-interview/" + string(row.ID) + "?token=" + link.Token; url != want || *memory.Row(row.ID).InterviewURL != want {
			t.Errorf("%s: opened at %s, want %s", name, url, want)
		}
	}
}

func TestLinksAreTheInterviewsOwn(t *testing.T) {
	t.Parallel()
	s, _, _ := setup()
	somebody := hiring.Actor{UserID: "somebody", Role: hiring.RoleRecruiter}
	admin := hiring.Actor{UserID: "admin", Role: hiring.RoleAdmin}
	row, link, err := s.Create(t.Context(), recruiter, wanted())
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := s.Create(t.Context(), recruiter, wanted())
	if err != nil {
		t.Fatal(err)
	}
	_, issueErr := withoutURL(s.IssueLink(t.Context(), somebody, row.ID, nil))
	_, listErr := s.Links(t.Context(), somebody, row.ID, true)
	_, allErr := s.RevokeLinks(t.Context(), somebody, row.ID)
	for _, err := range []error{issueErr, listErr, allErr, s.RevokeLink(t.Context(), somebody, row.ID, link.ID), s.Delete(t.Context(), somebody, row.ID, nil)} {
		if !errors.Is(err, hiring.ErrNotFound) {
			t.Errorf("somebody else: %v", err)
		}
	}
	var refused *hiring.RefusedError
	if err := s.RevokeLink(t.Context(), recruiter, other.ID, link.ID); !errors.As(err, &refused) || refused.Text != "Session not found" {
		t.Errorf("a link of another interview: %v", err)
	}
	if n, err := s.RevokeLinks(t.Context(), admin, row.ID); n != 1 || err != nil {
		t.Errorf("an administrator revoked %d links: %v", n, err)
	}
}

func withoutURL(link hiring.Session, _ string, err error) (hiring.Session, error) { return link, err }
