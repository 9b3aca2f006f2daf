package store

import (
	"errors"
	"testing"
	"time"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
)

func newInterview(id string) (hiring.Interview, hiring.Session) {
	now := time.Now().UTC().Truncate(time.Millisecond)
	later := now.Add(time.Hour)
	url := "http://a.test"
	row := hiring.Interview{
		ID: interview.ID(id), RecruiterID: "00000000-0000-4000-8000-000000000001", CandidateEmail: "a@b.co", JobRole: "Engineer",
		Type: interview.ModeVoice, TimeLimitMinutes: 30, Status: interview.StatusPending, InterviewURL: &url, ExpiresAt: &later,
		ConsentPolicy: hiring.ConsentRequired, Plan: []byte(`{"name": "x"}`), CreatedAt: now, UpdatedAt: now,
	}
	return row, hiring.Session{ID: "1" + id[1:], InterviewID: row.ID, Token: "token-" + id, ExpiresAt: later, CreatedAt: now}
}

const someID = "22222222-0000-4000-8000-000000000001"

func TestAnInterviewComesBackAsItWasStored(t *testing.T) {
	t.Parallel()
	repo := NewInterviews(pool(t))
	sessions := NewSessions(repo.pool)
	row, link := newInterview(someID)
	if err := repo.Create(t.Context(), row, link); err != nil {
		t.Fatal(err)
	}
	got, err := repo.Get(t.Context(), row.ID)
	if err != nil || got.JobRole != row.JobRole || got.CandidateName != nil || !got.ExpiresAt.Equal(*row.ExpiresAt) || got.ConsentPolicy != row.ConsentPolicy || len(got.Plan) == 0 {
		t.Errorf("came back as %+v (%v)", got, err)
	}
	if err := repo.Create(t.Context(), row, link); !errors.Is(err, hiring.ErrConflict) {
		t.Errorf("a second one with its id: %v", err)
	}
	if _, err := repo.Get(t.Context(), "22222222-0000-4000-8000-00000000ffff"); !errors.Is(err, hiring.ErrNotFound) {
		t.Errorf("an unknown one: %v", err)
	}
	found, its, err := sessions.ByToken(t.Context(), link.Token)
	if err != nil || found.ID != link.ID || its.ID != row.ID {
		t.Errorf("by token: %+v %v", found, err)
	}
	if _, _, err := sessions.ByToken(t.Context(), "nope"); !errors.Is(err, hiring.ErrNotFound) {
		t.Errorf("an unknown token: %v", err)
	}
	if err := sessions.Touch(t.Context(), link.ID); err != nil {
		t.Error(err)
	}
	if err := sessions.Revoke(t.Context(), link.ID, time.Now()); err != nil {
		t.Error(err)
	}
	st, err := sessions.Standings(t.Context(), []string{link.ID, "33333333-0000-4000-8000-000000000001"})
	if err != nil || len(st) != 1 || !st[0].Revoked || st[0].Status != interview.StatusPending {
		t.Errorf("standings: %+v (%v)", st, err)
	}
	if found, _, _ := sessions.ByToken(t.Context(), link.Token); found.AccessCount != 1 || found.LastAccessedAt == nil || found.RevokedAt == nil {
		t.Errorf("after a use and its revocation: %+v", found)
	}
}

func TestStatusMovesOnlyFromWhereItMay(t *testing.T) {
	t.Parallel()
	repo := NewInterviews(pool(t))
	row, link := newInterview(someID)
	if err := repo.Create(t.Context(), row, link); err != nil {
		t.Fatal(err)
	}
	at := time.Now().UTC().Truncate(time.Millisecond)
	move := func(from, to interview.Status) (hiring.Interview, error) {
		return repo.SetStatus(t.Context(), row.ID, []interview.Status{from}, to, at)
	}
	if _, err := move(interview.StatusInProgress, interview.StatusCompleted); !errors.Is(err, hiring.ErrConflict) {
		t.Errorf("completing what has not begun: %v", err)
	}
	got, err := move(interview.StatusPending, interview.StatusInProgress)
	if err != nil || got.Status != interview.StatusInProgress || got.StartedAt == nil || !got.StartedAt.Equal(at) || got.CompletedAt != nil {
		t.Errorf("started: %+v (%v)", got, err)
	}
	if _, err := move(interview.StatusPending, interview.StatusInProgress); !errors.Is(err, hiring.ErrConflict) {
		t.Errorf("starting twice: %v", err)
	}
	got, err = move(interview.StatusInProgress, interview.StatusCompleted)
	if err != nil || got.CompletedAt == nil || !got.StartedAt.Equal(at) {
		t.Errorf("completed: %+v (%v)", got, err)
	}
	if _, err := repo.SetStatus(t.Context(), "22222222-0000-4000-8000-00000000ffff", []interview.Status{interview.StatusPending}, interview.StatusExpired, at); !errors.Is(err, hiring.ErrNotFound) {
		t.Errorf("an unknown one: %v", err)
	}
}

func TestConsentIsKeptOnceAndTextMustBeStorable(t *testing.T) {
	t.Parallel()
	p := pool(t)
	repo := NewConsents(p)
	first := hiring.Consent{Interview: voiceInterview, Version: "1", At: time.Now().UTC().Truncate(time.Millisecond), Channel: hiring.ChannelVoice, TextHash: "abc"}
	if err := repo.Record(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	second := first
	second.Version = "2"
	if err := repo.Record(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	if got, given, err := repo.Get(t.Context(), voiceInterview); err != nil || !given || got.Version != "1" || !got.At.Equal(first.At) {
		t.Errorf("stored: %+v %t %v", got, given, err)
	}
	if _, given, err := repo.Get(t.Context(), textInterview); err != nil || given {
		t.Errorf("an interview without consent: %t %v", given, err)
	}
	row, link := newInterview(someID)
	name := "a\x00b"
	row.CandidateName = &name
	if err := NewInterviews(p).Create(t.Context(), row, link); !errors.As(err, new(*hiring.TextError)) {
		t.Errorf("a NUL: %v", err)
	}
}

func TestMigratingAndSeedingTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	url := database(t)
	for range 2 {
		if err := Migrate(t.Context(), url); err != nil {
			t.Fatal(err)
		}
		p, err := OpenPool(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		if err := SeedDevelopment(t.Context(), p); err != nil {
			t.Error(err)
		}
		var users int
		if err := p.QueryRow(t.Context(), `SELECT count(*) FROM "User"`).Scan(&users); err != nil || users != 3 {
			t.Errorf("%d users (%v)", users, err)
		}
		p.Close()
	}
	u, err := NewUsers(pool(t)).EnsureDevelopmentRecruiter(t.Context())
	if err != nil || u.Role != hiring.RoleRecruiter {
		t.Errorf("development recruiter: %+v (%v)", u, err)
	}
}
