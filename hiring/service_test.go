package hiring_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/hiring/hiringtest"
	"github.com/vantahire/vantahire/interview"
)

// followers remembers what was published.
type followers struct {
	mu     sync.Mutex
	events []string // "topic name"
}

func (f *followers) Publish(topic hiring.Topic, name string, _ any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, string(topic)+" "+name)
}

func (f *followers) take() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	taken := f.events
	f.events = nil
	return taken
}

var recruiter = hiring.Actor{UserID: hiringtest.RecruiterID, Role: hiring.RoleRecruiter}

var (
	errNoPlan = errors.New("no such plan")
	errDown   = errors.New("connection refused")
)

func setup() (*hiring.Service, *hiringtest.Memory, *followers) {
	memory, told := hiringtest.NewMemory(), &followers{}
	return hiring.NewService(memory.Repositories(), told, hiring.Options{
		FrontendURL: "https://jobs.test", LinkTTL: 48 * time.Hour, Consent: hiring.ConsentRequired,
		CheckPlan: func(document []byte) error {
			if string(document) != "{}" {
				return errNoPlan
			}
			return nil
		},
	}), memory, told
}

func wanted() hiring.NewInterview {
	return hiring.NewInterview{CandidateEmail: "ada@example.com", JobRole: "Engineer", Type: interview.ModeVoice}
}

func TestANewInterviewHasItsDefaultsAndALink(t *testing.T) {
	t.Parallel()
	s, memory, _ := setup()
	row, link, err := s.Create(t.Context(), recruiter, hiring.NewInterview{CandidateEmail: "ada@example.com", JobRole: "Engineer"})
	if err != nil {
		t.Fatal(err)
	}
	if row.Type != interview.ModeText || row.TimeLimitMinutes != 30 || row.Status != interview.StatusPending || row.ConsentPolicy != hiring.ConsentRequired {
		t.Errorf("%+v", row)
	}
	if left := time.Until(*row.ExpiresAt); left < 47*time.Hour || left > 48*time.Hour || !link.ExpiresAt.Equal(*row.ExpiresAt) {
		t.Errorf("it expires in %s, its link at %s", left, link.ExpiresAt)
	}
	if !regexp.MustCompile(`^[A-Za-z0-9_-]{32}$`).MatchString(link.Token) {
		t.Errorf("token %q", link.Token)
	}
	if want := "https://jobs.test/interview/" + string(row.ID) + "?token=" + link.Token; *row.InterviewURL != want {
		t.Errorf("opened at %s, want %s", *row.InterviewURL, want)
	}
	if stored := memory.Row(row.ID); stored.RecruiterID != recruiter.UserID || *stored.InterviewURL != *row.InterviewURL {
		t.Errorf("stored %+v", stored)
	}
	voice, other, err := s.Create(t.Context(), recruiter, wanted())
	if err != nil || !strings.Contains(*voice.InterviewURL, "/voice-interview/") || other.Token == link.Token {
		t.Errorf("a voice interview opens at %s: %v", *voice.InterviewURL, err)
	}
}

func TestAWrongRequestIsRefusedWholeWithItsFields(t *testing.T) {
	t.Parallel()
	s, _, _ := setup()
	for field, change := range map[string]func(*hiring.NewInterview){
		"candidateEmail":   func(n *hiring.NewInterview) { n.CandidateEmail = "ada" },
		"jobRole":          func(n *hiring.NewInterview) { n.JobRole = "" },
		"timeLimitMinutes": func(n *hiring.NewInterview) { n.TimeLimitMinutes = 121 },
		"type":             func(n *hiring.NewInterview) { n.Type = "VIDEO" },
		"consentPolicy":    func(n *hiring.NewInterview) { n.Consent = "never" },
		"plan":             func(n *hiring.NewInterview) { n.Plan = []byte("[]") },
	} {
		n := wanted()
		change(&n)
		_, _, err := s.Create(t.Context(), recruiter, n)
		var invalid *hiring.InvalidError
		if !errors.As(err, &invalid) || len(invalid.Fields) != 1 || len(invalid.Fields[field]) != 1 {
			t.Errorf("a wrong %s: %v", field, err)
		}
		if err != nil && !strings.Contains(err.Error(), field) {
			t.Errorf("%v does not name %s", err, field)
		}
	}
	short := wanted()
	short.TimeLimitMinutes = 4
	var invalid *hiring.InvalidError
	if _, _, err := s.Create(t.Context(), recruiter, short); !errors.As(err, &invalid) {
		t.Errorf("four minutes: %v", err)
	}
}

func TestValidEmail(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"ada@example.com": true, "a.b+c@sub.example.co.uk": true, "o'brien@example.com": true,
		"": false, "ada": false, "ada@localhost": false, "ada@.com": false, "ada@example.": false, "Ada <ada@example.com>": false,
		"ada@example.com\nBcc: x@y.z": false, "a b@example.com": false, "a@b@c.d": false, strings.Repeat("a", 250) + "@example.com": false,
		"ada@example.com\x00": false,
	} {
		if got := hiring.ValidEmail(s); got != want {
			t.Errorf("%q is an address: %t", s, got)
		}
	}
}

func TestAnInterviewMovesForwardOnlyAndIsAnnounced(t *testing.T) {
	t.Parallel()
	s, memory, told := setup()
	row, _, err := s.Create(t.Context(), recruiter, wanted())
	if err != nil {
		t.Fatal(err)
	}
	announced := func(also string) []string {
		user, room := "user:"+recruiter.UserID, "interview:"+string(row.ID)
		return []string{user + " interview:status", room + " interview:status", user + " " + also, room + " " + also}
	}
	at := time.Now()
	if err := s.Ended(t.Context(), row.ID, at, interview.EndFinished); err != nil || memory.Row(row.ID).Status != interview.StatusPending {
		t.Errorf("one that never started is %s: %v", memory.Row(row.ID).Status, err)
	}
	if err := s.Started(t.Context(), row.ID, at); err != nil || memory.Row(row.ID).Status != interview.StatusInProgress {
		t.Fatalf("started: %v", err)
	}
	if got := told.take(); !slices.Equal(got, announced("interview:started")) {
		t.Errorf("announced %v", got)
	}
	if err := s.Started(t.Context(), row.ID, at); err != nil || len(told.take()) != 0 {
		t.Errorf("a candidate who comes back: %v", err)
	}
	if err := s.Ended(t.Context(), row.ID, at, interview.EndShutdown); err != nil || memory.Row(row.ID).Status != interview.StatusInProgress || len(told.take()) != 0 {
		t.Errorf("a server that stops ends nothing: %v", err)
	}
	if err := s.Ended(t.Context(), row.ID, at, interview.EndFinished); err != nil || memory.Row(row.ID).Status != interview.StatusCompleted || memory.Row(row.ID).CompletedAt == nil {
		t.Errorf("ended: %+v, %v", memory.Row(row.ID), err)
	}
	if got := told.take(); !slices.Equal(got, announced("interview:completed")) {
		t.Errorf("announced %v", got)
	}
	if err := s.Ended(t.Context(), row.ID, at, interview.EndFinished); err != nil || len(told.take()) != 0 {
		t.Errorf("ended twice: %v", err)
	}
	if err := s.Started(t.Context(), row.ID, at); !errors.Is(err, hiring.ErrConflict) {
		t.Errorf("one that is over starts again: %v", err)
	}
	if err := s.Started(t.Context(), "nobody", at); !errors.Is(err, hiring.ErrNotFound) {
		t.Errorf("one that is not there: %v", err)
	}
	memory.Break(errDown)
	if err := errors.Join(s.Started(t.Context(), row.ID, at)); !errors.Is(err, errDown) {
		t.Errorf("without a database: %v", err)
	}
	if err := s.Ended(t.Context(), row.ID, at, interview.EndFinished); !errors.Is(err, errDown) {
		t.Errorf("without a database: %v", err)
	}
}

func TestWhichCallsAreCut(t *testing.T) {
	t.Parallel()
	s, memory, _ := setup()
	past := time.Now().Add(-time.Minute)
	var live []hiring.LiveLink
	want := map[interview.ID]interview.EndReason{}
	for _, c := range []struct {
		reason interview.EndReason // "" = goes on
		change func(interview.ID, string)
	}{
		{"", func(interview.ID, string) {}},
		{interview.EndRevoked, func(_ interview.ID, token string) {
			memory.EditSession(token, func(l *hiring.Session) { l.RevokedAt = &past })
		}},
		{interview.EndRevoked, func(_ interview.ID, token string) {
			memory.EditSession(token, func(l *hiring.Session) { l.ExpiresAt = past })
		}},
		{interview.EndElsewhere, func(id interview.ID, _ string) {
			memory.Edit(id, func(i *hiring.Interview) { i.Status = interview.StatusCompleted })
		}},
		{interview.EndElsewhere, func(id interview.ID, _ string) {
			memory.Edit(id, func(i *hiring.Interview) { i.Status = interview.StatusExpired })
		}},
		{interview.EndElsewhere, func(id interview.ID, _ string) { memory.Delete(id) }},
	} {
		row, link, err := s.Create(t.Context(), recruiter, wanted())
		if err != nil {
			t.Fatal(err)
		}
		live = append(live, hiring.LiveLink{Interview: row.ID, SessionID: link.ID})
		if c.reason != "" {
			want[row.ID] = c.reason
		}
		c.change(row.ID, link.Token)
	}
	cuts, err := s.Cuts(t.Context(), live)
	if err != nil || len(cuts) != len(want) {
		t.Fatalf("%d calls are cut, want %d: %v", len(cuts), len(want), err)
	}
	for _, c := range cuts {
		if want[c.Link.Interview] != c.Reason {
			t.Errorf("cut as %s, want %s", c.Reason, want[c.Link.Interview])
		}
	}
	memory.Break(errDown)
	if none, err := s.Cuts(t.Context(), nil); err != nil || none != nil {
		t.Errorf("no live calls asked the database: %v", err)
	}
	if _, err := s.Cuts(t.Context(), live); !errors.Is(err, errDown) {
		t.Errorf("without a database: %v", err)
	}
}

func TestATokenOpensOnlyItsInterview(t *testing.T) {
	t.Parallel()
	s, memory, _ := setup()
	row, link, err := s.Create(t.Context(), recruiter, wanted())
	if err != nil {
		t.Fatal(err)
	}
	access, err := s.Authorise(t.Context(), link.Token)
	if err != nil || access.Interview.ID != row.ID {
		t.Fatalf("%+v, %v", access, err)
	}
	if err := s.Touch(t.Context(), access); err != nil {
		t.Error(err)
	}
	past := time.Now().Add(-time.Minute)
	for _, c := range []struct {
		change func()
		want   error
	}{
		{func() { memory.Edit(row.ID, func(i *hiring.Interview) { i.Status = interview.StatusExpired }) }, hiring.ErrInterviewExpired},
		{func() { memory.EditSession(link.Token, func(l *hiring.Session) { l.ExpiresAt = past }) }, hiring.ErrTokenExpired},
		{func() { memory.EditSession(link.Token, func(l *hiring.Session) { l.RevokedAt = &past }) }, hiring.ErrTokenRevoked},
		{func() { memory.Delete(row.ID) }, hiring.ErrTokenInvalid},
		{func() { memory.Break(errDown) }, errDown},
	} {
		c.change()
		if _, err := s.Authorise(t.Context(), link.Token); !errors.Is(err, c.want) {
			t.Errorf("%v, want %v", err, c.want)
		}
	}
	if _, err := s.Authorise(t.Context(), ""); !errors.Is(err, hiring.ErrTokenRequired) {
		t.Errorf("no token: %v", err)
	}
	if err := s.Touch(t.Context(), access); !errors.Is(err, errDown) {
		t.Errorf("counting without a database: %v", err)
	}
}

func TestSomebodyElsesInterviewIsNotFound(t *testing.T) {
	t.Parallel()
	s, memory, _ := setup()
	row, _, err := s.Create(t.Context(), recruiter, wanted())
	if err != nil {
		t.Fatal(err)
	}
	memory.AddMessages(row.ID, hiring.Message{Content: "Hello."})
	if lines, err := s.Transcript(t.Context(), recruiter, row.ID); err != nil || len(lines) != 1 {
		t.Errorf("%v, %v", lines, err)
	}
	if _, err := s.Transcript(t.Context(), hiring.Actor{UserID: "somebody else", Role: hiring.RoleRecruiter}, row.ID); !errors.Is(err, hiring.ErrNotFound) {
		t.Errorf("somebody else reads it: %v", err)
	}
	if _, err := s.Owned(t.Context(), recruiter, "nobody"); !errors.Is(err, hiring.ErrNotFound) {
		t.Errorf("one that is not there: %v", err)
	}
}
