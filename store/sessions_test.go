package store_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
)

func TestALinkIsFoundByItsTokenWithItsInterview(t *testing.T) {
	t.Parallel()
	b := setup(t)
	row, first := newInterview()
	if err := b.interviews.Create(t.Context(), row, first); err != nil {
		t.Fatal(err)
	}
	at := now()
	link := hiring.Session{
		ID: uuid.NewString(), InterviewID: row.ID, Token: "test-voice-token", ExpiresAt: at.Add(-time.Hour),
		RevokedAt: ptr(at), LastAccessedAt: ptr(at), AccessCount: 3, CreatedAt: at,
	}
	if err := b.sessions.Issue(t.Context(), link, "https://jobs.test/x"); err != nil {
		t.Fatal(err)
	}
	got, its, err := b.sessions.ByToken(t.Context(), link.Token)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(link, got); diff != "" {
		t.Errorf("an expired and revoked link comes back differently:\n%s", diff)
	}
	if want, _ := b.interviews.Get(t.Context(), row.ID); !cmp.Equal(want, its) {
		t.Errorf("with the interview\n%s", cmp.Diff(want, its))
	}
	if err := b.sessions.Issue(t.Context(), link, "https://jobs.test/x"); !errors.Is(err, hiring.ErrConflict) {
		t.Errorf("adding it twice: %v", err)
	}
	link.ID, link.Token, link.InterviewID = uuid.NewString(), "other", nobodysID
	if err := b.sessions.Issue(t.Context(), link, "https://jobs.test/x"); !errors.Is(err, hiring.ErrNotFound) {
		t.Errorf("a link to no interview: %v", err)
	}
	for what, text := range unfit {
		link.Token = text
		if err := b.sessions.Issue(t.Context(), link, "https://jobs.test/x"); !errors.As(err, new(*hiring.TextError)) {
			t.Errorf("a token with %s: %v", what, err)
		}
	}
}

func TestEveryUseOfALinkCounts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	row, link := newInterview()
	if err := b.interviews.Create(t.Context(), row, link); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if err := b.sessions.Touch(t.Context(), link.ID); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got, _, err := b.sessions.ByToken(t.Context(), link.Token)
	if err != nil || got.AccessCount != 10 || got.LastAccessedAt == nil {
		t.Errorf("%d uses, last %v, %v; want 10", got.AccessCount, got.LastAccessedAt, err)
	}
}

func TestTheFirstRevocationStands(t *testing.T) {
	t.Parallel()
	b := setup(t)
	row, link := newInterview()
	if err := b.interviews.Create(t.Context(), row, link); err != nil {
		t.Fatal(err)
	}
	at := now()
	for _, when := range []time.Time{at, at.Add(time.Hour)} {
		if err := b.sessions.Revoke(t.Context(), row.ID, link.ID, when); err != nil {
			t.Fatal(err)
		}
	}
	got, _, err := b.sessions.ByToken(t.Context(), link.Token)
	if err != nil || got.RevokedAt == nil || !got.RevokedAt.Equal(at) {
		t.Errorf("revoked at %v, %v; want %s", got.RevokedAt, err, at)
	}
}

func TestStandingsTellHowLinksAndInterviewsStand(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var links []hiring.Session
	for range 3 {
		row, link := newInterview()
		if err := b.interviews.Create(t.Context(), row, link); err != nil {
			t.Fatal(err)
		}
		links = append(links, link)
	}
	if err := b.sessions.Revoke(t.Context(), links[0].InterviewID, links[0].ID, now()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.interviews.SetStatus(t.Context(), links[1].InterviewID, []interview.Status{interview.StatusPending}, interview.StatusExpired, now()); err != nil {
		t.Fatal(err)
	}
	got, err := b.sessions.Standings(t.Context(), []string{links[0].ID, links[1].ID, nobodysID, "a\x00b"})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got, func(a, _ hiring.Standing) int {
		if a.SessionID == links[0].ID {
			return -1
		}
		return 1
	})
	want := []hiring.Standing{
		{SessionID: links[0].ID, Status: interview.StatusPending, Revoked: true, ExpiresAt: links[0].ExpiresAt},
		{SessionID: links[1].ID, Status: interview.StatusExpired, ExpiresAt: links[1].ExpiresAt},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if none, err := b.sessions.Standings(t.Context(), nil); err != nil || len(none) != 0 {
		t.Errorf("of no links: %v, %v", none, err)
	}
}
