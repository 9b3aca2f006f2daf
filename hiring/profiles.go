package hiring

import (
	"context"
	"time"
)

// RecruiterProfile is a row of the contract's RecruiterProfileRow.
type RecruiterProfile struct {
	ID, UserID                                                               string
	CompanyName, LogoFileID, BrandColor, EmailIntro, EmailTips, EmailCTAText *string
	Subscription                                                             Subscription
	SubscriptionUpdatedAt                                                    *time.Time
	CreatedAt, UpdatedAt                                                     time.Time
}

// CandidateProfile is a row of the contract's CandidateProfileRow.
type CandidateProfile struct {
	ID, UserID                              string
	FullName, Email, Phone, Bio             *string
	Skills                                  []string
	ExperienceYears                         *int
	ResumeFileID, LinkedinURL, PortfolioURL *string
	CreatedAt, UpdatedAt                    time.Time
}

// Profiles stores profiles. Every method blocks on the database until ctx ends.
type Profiles interface {
	// Recruiter returns the user's profile, made now when there is none.
	Recruiter(ctx context.Context, userID string) (RecruiterProfile, error)
	// Candidate is the same for candidates.
	Candidate(ctx context.Context, userID string) (CandidateProfile, error)
	// Find returns the profiles a user has; nil for one he has not.
	Find(ctx context.Context, userID string) (*RecruiterProfile, *CandidateProfile, error)
	// ChangeRecruiter locks the profile, made now when there is none, lets change
	// change it, and stores it; an error of change is returned and nothing is stored.
	// Each change gives it a later UpdatedAt. ErrNotFound: the user is gone, or it
	// names a file that is.
	ChangeRecruiter(ctx context.Context, userID string, change func(*RecruiterProfile) error) (RecruiterProfile, error)
	// ChangeCandidate is the same for candidates.
	ChangeCandidate(ctx context.Context, userID string, change func(*CandidateProfile) error) (CandidateProfile, error)
	// OwnsFile reports whether the user uploaded the file, of that category.
	OwnsFile(ctx context.Context, userID, fileID string, category FileCategory) (bool, error)
}

// RecruiterProfileChange is what a recruiter writes; nil leaves a field, a pointer to
// nil clears it.
type RecruiterProfileChange struct {
	CompanyName, LogoFileID, BrandColor, EmailIntro, EmailTips, EmailCTAText **string
}

// CandidateProfileChange is what a candidate writes.
type CandidateProfileChange struct {
	FullName, Email, Phone, Bio, ResumeFileID, LinkedinURL, PortfolioURL **string
	Skills                                                               *[]string
	ExperienceYears                                                      **int
}

func put[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// RecruiterProfile returns the actor's profile.
func (s *Accounts) RecruiterProfile(ctx context.Context, actor Actor) (RecruiterProfile, error) {
	p, err := s.profiles.Recruiter(ctx, actor.UserID)
	return p, missing(err, errNoUser)
}

// CandidateProfile returns the actor's profile.
func (s *Accounts) CandidateProfile(ctx context.Context, actor Actor) (CandidateProfile, error) {
	p, err := s.profiles.Candidate(ctx, actor.UserID)
	return p, missing(err, errNoUser)
}

// ownFile refuses a file that is not the actor's own upload: profiles open what they
// link to (contract section 4.5).
func (s *Accounts) ownFile(ctx context.Context, actor Actor, field string, file **string, category FileCategory) error {
	if file == nil || *file == nil {
		return nil
	}
	recruiter, candidate, err := s.profiles.Find(ctx, actor.UserID)
	if err != nil {
		return err
	}
	if recruiter != nil && same(recruiter.LogoFileID, *file) || candidate != nil && same(candidate.ResumeFileID, *file) {
		return nil // a page sends back what it has read
	}
	own, err := s.profiles.OwnsFile(ctx, actor.UserID, **file, category)
	if err == nil && !own {
		err = &InvalidError{Fields: map[string][]string{field: {"Invalid"}}}
	}
	return err
}

func same(a, b *string) bool { return a != nil && b != nil && *a == *b }

// UpdateRecruiterProfile changes the actor's profile, if it is still as he last saw
// it; a nil known asks for nothing.
func (s *Accounts) UpdateRecruiterProfile(ctx context.Context, actor Actor, c RecruiterProfileChange, known *time.Time) (RecruiterProfile, error) {
	if err := s.ownFile(ctx, actor, "logoFileId", c.LogoFileID, FileLogo); err != nil {
		return RecruiterProfile{}, err
	}
	p, err := s.profiles.ChangeRecruiter(ctx, actor.UserID, func(p *RecruiterProfile) error {
		if err := stale(known, p.UpdatedAt); err != nil {
			return err
		}
		put(&p.CompanyName, c.CompanyName)
		put(&p.LogoFileID, c.LogoFileID)
		put(&p.BrandColor, c.BrandColor)
		put(&p.EmailIntro, c.EmailIntro)
		put(&p.EmailTips, c.EmailTips)
		put(&p.EmailCTAText, c.EmailCTAText)
		return nil
	})
	return p, missing(err, errNoUser)
}

// UpdateCandidateProfile is the same for candidates.
func (s *Accounts) UpdateCandidateProfile(ctx context.Context, actor Actor, c CandidateProfileChange, known *time.Time) (CandidateProfile, error) {
	if err := s.ownFile(ctx, actor, "resumeFileId", c.ResumeFileID, FileResume); err != nil {
		return CandidateProfile{}, err
	}
	p, err := s.profiles.ChangeCandidate(ctx, actor.UserID, func(p *CandidateProfile) error {
		if err := stale(known, p.UpdatedAt); err != nil {
			return err
		}
		put(&p.FullName, c.FullName)
		put(&p.Email, c.Email)
		put(&p.Phone, c.Phone)
		put(&p.Bio, c.Bio)
		put(&p.ResumeFileID, c.ResumeFileID)
		put(&p.LinkedinURL, c.LinkedinURL)
		put(&p.PortfolioURL, c.PortfolioURL)
		put(&p.Skills, c.Skills)
		put(&p.ExperienceYears, c.ExperienceYears)
		return nil
	})
	return p, missing(err, errNoUser)
}
