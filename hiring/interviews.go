package hiring

import (
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

// Create makes an interview with its first link.
func (s *Service) Create(ctx context.Context, recruiterID string, n NewInterview) (Interview, Session, error) {
	if n.Type == "" {
		n.Type = interview.ModeText
	}
	if n.TimeLimitMinutes == 0 {
		n.TimeLimitMinutes = defaultTimeLimit
	}
	if n.Consent == "" {
		n.Consent = s.options.Consent
	}
	if err := n.check(s.options.CheckPlan); err != nil {
		return Interview{}, Session{}, err
	}
	now := s.now()
	expires := now.Add(s.options.LinkTTL)
	if n.ExpiresAt != nil {
		expires = n.ExpiresAt.UTC().Truncate(time.Millisecond)
	}
	row := Interview{
		ID: interview.ID(s.newID()), RecruiterID: recruiterID, JobID: n.JobID, CandidateEmail: n.CandidateEmail,
		CandidateName: n.CandidateName, CandidateNotes: n.CandidateNotes, CandidatePhone: n.CandidatePhone,
		CandidateResumeFileID: n.CandidateResumeFileID, JobRole: n.JobRole, Type: n.Type,
		TimeLimitMinutes: n.TimeLimitMinutes, Status: interview.StatusPending, ExpiresAt: &expires,
		ConsentPolicy: n.Consent, Plan: n.Plan, CreatedAt: now, UpdatedAt: now,
	}
	link := newSession(row.ID, s.newID, expires, now)
	url := s.InterviewURL(row, link.Token)
	row.InterviewURL = &url
	if err := s.interviews.Create(ctx, row, link); err != nil {
		if errors.Is(err, ErrNotFound) { // a job, file or account that is not there
			return Interview{}, Session{}, &InvalidError{Fields: map[string][]string{"jobId": {"Invalid"}}}
		}
		return Interview{}, Session{}, fmt.Errorf("create interview: %w", err)
	}
	return row, link, nil
}

// InterviewURL is the page a candidate opens (contract section 2.4.1).
func (s *Service) InterviewURL(row Interview, token string) string {
	page := "interview"
	if row.Type == interview.ModeVoice {
		page = "voice-interview"
	}
	return fmt.Sprintf("%s/%s/%s?token=%s", s.options.FrontendURL, page, row.ID, token)
}

// Owned returns an interview that the recruiter may see. Somebody else's is not
// found.
func (s *Service) Owned(ctx context.Context, recruiterID string, id interview.ID) (Interview, error) {
	row, err := s.interviews.Get(ctx, id)
	if err != nil {
		return Interview{}, fmt.Errorf("load interview %s: %w", id, err)
	}
	if row.RecruiterID != recruiterID {
		return Interview{}, fmt.Errorf("load interview %s: %w", id, ErrNotFound)
	}
	return row, nil
}

// Transcript returns the lines of an interview the recruiter may see, oldest
// first.
func (s *Service) Transcript(ctx context.Context, recruiterID string, id interview.ID) ([]Message, error) {
	if _, err := s.Owned(ctx, recruiterID, id); err != nil {
		return nil, err
	}
	lines, err := s.interviews.Messages(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("load transcript of interview %s: %w", id, err)
	}
	return lines, nil
}

// DevelopmentRecruiter is the account the development key acts as.
func (s *Service) DevelopmentRecruiter(ctx context.Context) (User, error) {
	u, err := s.users.EnsureDevelopmentRecruiter(ctx)
	if err != nil {
		return User{}, fmt.Errorf("development recruiter: %w", err)
	}
	return u, nil
}
