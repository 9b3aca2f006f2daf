package hiring

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"github.com/vantahire/vantahire/interview"
)

// NewInterview is a request for an interview (contract section 2.4). A nil
// pointer is a field that was not given.
type NewInterview struct {
	CandidateEmail        string
	JobRole               string
	CandidateName         *string
	CandidateNotes        *string
	CandidatePhone        *string
	CandidateResumeFileID *string
	JobID                 *string
	Type                  interview.Mode // "" = TEXT
	TimeLimitMinutes      int            // 0 = 30
	ExpiresAt             *time.Time
	Consent               ConsentPolicy   // "" = the configured default
	Plan                  json.RawMessage // nil = the default plan of the role
}

// Defaults of a new interview (contract section 10).
const (
	defaultTimeLimit = 30
	minTimeLimit     = 5
	maxTimeLimit     = 120
)

// InvalidError says which fields of a request are wrong, in the words of contract
// section 1.3.
type InvalidError struct {
	Fields map[string][]string
	// Text is what is wrong as a whole; "" is "Invalid input".
	Text string
}

// Error lists the fields.
func (e *InvalidError) Error() string {
	names := make([]string, 0, len(e.Fields))
	for name := range e.Fields {
		names = append(names, name)
	}
	return "invalid input: " + strings.Join(names, ", ")
}

func (e *InvalidError) add(field, text string) { e.Fields[field] = append(e.Fields[field], text) }

// check bounds what the edge's decoder does not know about.
func (n *NewInterview) check(plan func([]byte) error) error {
	bad := &InvalidError{Fields: map[string][]string{}}
	if !ValidEmail(n.CandidateEmail) {
		bad.add("candidateEmail", "Invalid email")
	}
	if n.JobRole == "" {
		bad.add("jobRole", "String must contain at least 1 character(s)")
	}
	if n.TimeLimitMinutes < minTimeLimit {
		bad.add("timeLimitMinutes", fmt.Sprintf("Number must be greater than or equal to %d", minTimeLimit))
	}
	if n.TimeLimitMinutes > maxTimeLimit {
		bad.add("timeLimitMinutes", fmt.Sprintf("Number must be less than or equal to %d", maxTimeLimit))
	}
	if n.Type != interview.ModeText && n.Type != interview.ModeVoice {
		bad.add("type", fmt.Sprintf("Invalid enum value. Expected 'TEXT' | 'VOICE', received '%s'", n.Type))
	}
	if n.Consent != ConsentRequired && n.Consent != ConsentImplied {
		bad.add("consentPolicy", fmt.Sprintf("Invalid enum value. Expected 'required' | 'implied', received '%s'", n.Consent))
	}
	if n.Plan != nil {
		if err := plan(n.Plan); err != nil {
			bad.add("plan", err.Error())
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// ValidEmail reports whether s is one plain address with a domain that has a dot,
// without a display name.
func ValidEmail(s string) bool {
	if len(s) > 254 || strings.ContainsAny(s, "\r\n\x00 <>") {
		return false
	}
	address, err := mail.ParseAddress(s)
	if err != nil || address.Address != s {
		return false
	}
	at := strings.LastIndexByte(s, '@')
	domain := s[at+1:]
	return strings.Contains(domain, ".") && !strings.HasPrefix(domain, ".") && !strings.HasSuffix(domain, ".")
}

// Create makes an interview of the actor's with its first link. *InvalidError names
// what is wrong, also a job or file that the actor may not use; a recruiter who has
// as many open interviews as he may have is refused.
func (s *Service) Create(ctx context.Context, actor Actor, n NewInterview) (Interview, Session, error) {
	limits, err := s.limits(ctx)
	if err != nil {
		return Interview{}, Session{}, err
	}
	if n.Type == "" {
		n.Type = interview.ModeText
	}
	if n.TimeLimitMinutes == 0 {
		n.TimeLimitMinutes = cmp.Or(limits.DefaultMinutes, defaultTimeLimit)
	}
	if n.Consent == "" {
		n.Consent = s.options.Consent
	}
	if err := n.check(s.options.CheckPlan); err != nil {
		return Interview{}, Session{}, err
	}
	basis, err := s.basis(ctx, actor, n)
	if err != nil {
		return Interview{}, Session{}, err
	}
	now := s.now()
	expires := now.Add(s.options.LinkTTL)
	if n.ExpiresAt != nil {
		expires = n.ExpiresAt.UTC().Truncate(time.Millisecond)
	}
	row := Interview{
		ID: interview.ID(s.newID()), RecruiterID: actor.UserID, JobID: n.JobID, CandidateEmail: n.CandidateEmail,
		CandidateName: n.CandidateName, CandidateNotes: n.CandidateNotes, CandidatePhone: n.CandidatePhone,
		CandidateResumeFileID: n.CandidateResumeFileID, CandidateUserID: basis.CandidateUserID, JobRole: n.JobRole, Type: n.Type,
		TimeLimitMinutes: n.TimeLimitMinutes, Status: interview.StatusPending, ExpiresAt: &expires,
		ConsentPolicy: n.Consent, Plan: n.Plan, CreatedAt: now, UpdatedAt: now,
	}
	if row.Plan == nil {
		row.Plan = basis.JobPlan // a copy: changes of the job's plan don't reach it
	}
	if row.Plan != nil {
		row.PlanVersion, row.PlanUpdatedAt = 1, &now
	}
	link := newSession(row.ID, s.newID, s.linkEnd(row, nil, now), now)
	url := s.InterviewURL(row, link.Token)
	row.InterviewURL = &url
	switch err := s.book.CreateWithin(ctx, row, link, limits.MaxOpen); {
	case errors.Is(err, ErrNotFound): // a job or file that has just gone
		return Interview{}, Session{}, &InvalidError{Fields: map[string][]string{"jobId": {"Invalid"}}}
	case errors.Is(err, ErrFull):
		return Interview{}, Session{}, Refuse(KindForbidden, fmt.Sprintf("You have reached the limit of %d open interviews", limits.MaxOpen))
	case err != nil:
		return Interview{}, Session{}, fmt.Errorf("create interview: %w", err)
	}
	return row, link, nil
}

func (s *Service) limits(ctx context.Context) (Limits, error) {
	if s.options.Limits == nil {
		return Limits{}, nil
	}
	limits, err := s.options.Limits(ctx)
	if err != nil {
		return Limits{}, fmt.Errorf("limits of new interviews: %w", err)
	}
	return limits, nil
}

// basis looks up what the interview refers to and refuses what is not the actor's.
func (s *Service) basis(ctx context.Context, actor Actor, n NewInterview) (Basis, error) {
	basis, err := s.book.Basis(ctx, BasisQuery{
		RecruiterID: actor.UserID, Admin: actor.IsAdmin(), JobID: n.JobID, ResumeFileID: n.CandidateResumeFileID, CandidateEmail: n.CandidateEmail,
	})
	if err != nil {
		return Basis{}, fmt.Errorf("what the new interview refers to: %w", err)
	}
	bad := &InvalidError{Fields: map[string][]string{}}
	if !basis.Job {
		bad.add("jobId", "Job not found")
	}
	if !basis.Resume {
		bad.add("candidateResumeFileId", "File not found")
	}
	if len(bad.Fields) > 0 {
		return Basis{}, bad
	}
	return basis, nil
}

// InterviewURL is the page a candidate opens (contract section 2.4.1).
func (s *Service) InterviewURL(row Interview, token string) string {
	page := "interview"
	if row.Type == interview.ModeVoice {
		page = "voice-interview"
	}
	return fmt.Sprintf("%s/%s/%s?token=%s", s.options.FrontendURL, page, row.ID, token)
}

// Owned returns an interview that the actor may see: his own, or any for an
// administrator. Somebody else's is not found.
func (s *Service) Owned(ctx context.Context, actor Actor, id interview.ID) (Interview, error) {
	row, err := s.interviews.Get(ctx, id)
	if err != nil {
		return Interview{}, fmt.Errorf("load interview %s: %w", id, err)
	}
	if !actor.MayManage(row.RecruiterID) {
		return Interview{}, fmt.Errorf("load interview %s: %w", id, ErrNotFound)
	}
	return row, nil
}

// Present returns the interview of a link as it is now.
func (s *Service) Present(ctx context.Context, link Access) (Interview, error) {
	row, err := s.interviews.Get(ctx, link.Interview.ID)
	if err != nil {
		return Interview{}, fmt.Errorf("load interview %s: %w", link.Interview.ID, err)
	}
	return row, nil
}

// Detail returns an interview that the actor may see with its job, transcript and
// links.
func (s *Service) Detail(ctx context.Context, actor Actor, id interview.ID) (InterviewDetail, error) {
	row, err := s.Owned(ctx, actor, id)
	if err != nil {
		return InterviewDetail{}, err
	}
	d := InterviewDetail{Interview: row}
	if d.Messages, err = s.Lines(ctx, id); err != nil {
		return d, err
	}
	if d.Links, err = s.sessions.Of(ctx, id, false); err != nil {
		return d, fmt.Errorf("links of interview %s: %w", id, err)
	}
	if row.JobID == nil {
		return d, nil
	}
	job, err := s.lists.JobOf(ctx, *row.JobID)
	if errors.Is(err, ErrNotFound) { // it has just gone
		return d, nil
	}
	if err != nil {
		return d, fmt.Errorf("job of interview %s: %w", id, err)
	}
	d.Job = &job
	return d, nil
}

// Transcript returns the lines of an interview the actor may see, oldest first.
func (s *Service) Transcript(ctx context.Context, actor Actor, id interview.ID) ([]Message, error) {
	if _, err := s.Owned(ctx, actor, id); err != nil {
		return nil, err
	}
	return s.Lines(ctx, id)
}

// Lines returns the transcript of an interview, oldest first, to whoever has been
// let to it.
func (s *Service) Lines(ctx context.Context, id interview.ID) ([]Message, error) {
	lines, err := s.interviews.Messages(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("load transcript of interview %s: %w", id, err)
	}
	return lines, nil
}

// List lists the actor's own interviews, also an administrator's; status "" is any.
func (s *Service) List(ctx context.Context, actor Actor, status interview.Status, q PageQuery) (Page[ListedInterview], error) {
	page, err := s.lists.OfRecruiter(ctx, actor.UserID, status, q)
	if err != nil {
		return page, fmt.Errorf("list interviews of %s: %w", actor.UserID, err)
	}
	return page, nil
}

// Mine lists the interviews a candidate is invited to, by account or address, without
// what the hiring team keeps to itself.
func (s *Service) Mine(ctx context.Context, actor Actor, status interview.Status, q PageQuery) (Page[ListedInterview], error) {
	page, err := s.lists.OfCandidate(ctx, actor.UserID, actor.Email, status, q)
	if err != nil {
		return page, fmt.Errorf("list interviews of candidate %s: %w", actor.UserID, err)
	}
	for i := range page.Rows {
		page.Rows[i].CandidateNotes, page.Rows[i].TranscriptSummary = nil, nil
	}
	return page, nil
}

// DevelopmentRecruiter is the account the development key acts as.
func (s *Service) DevelopmentRecruiter(ctx context.Context) (User, error) {
	u, err := s.users.EnsureDevelopmentRecruiter(ctx)
	if err != nil {
		return User{}, fmt.Errorf("development recruiter: %w", err)
	}
	return u, nil
}
