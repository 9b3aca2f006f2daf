package api

import (
	"context"
	"math"
	"time"

	"github.com/vantahire/vantahire/hiring"
)

// recruiterProfileRow is the contract's RecruiterProfileRow (section 2.0).
type recruiterProfileRow struct {
	ID                    string              `json:"id"`
	UserID                string              `json:"userId"`
	CompanyName           *string             `json:"companyName"`
	LogoFileID            *string             `json:"logoFileId"`
	BrandColor            *string             `json:"brandColor"`
	EmailIntro            *string             `json:"emailIntro"`
	EmailTips             *string             `json:"emailTips"`
	EmailCTAText          *string             `json:"emailCtaText"`
	SubscriptionStatus    hiring.Subscription `json:"subscriptionStatus" enum:"FREE,PAID,ENTERPRISE"`
	SubscriptionUpdatedAt *instant            `json:"subscriptionUpdatedAt"`
	CreatedAt             instant             `json:"createdAt"`
	UpdatedAt             instant             `json:"updatedAt"`
}

func (r recruiterProfileRow) version() time.Time { return time.Time(r.UpdatedAt) }

// candidateProfileRow is the contract's CandidateProfileRow.
type candidateProfileRow struct {
	ID              string   `json:"id"`
	UserID          string   `json:"userId"`
	FullName        *string  `json:"fullName"`
	Email           *string  `json:"email"`
	Phone           *string  `json:"phone"`
	Bio             *string  `json:"bio"`
	Skills          []string `json:"skills" nullable:"false"`
	ExperienceYears *int     `json:"experienceYears"`
	ResumeFileID    *string  `json:"resumeFileId"`
	LinkedinURL     *string  `json:"linkedinUrl"`
	PortfolioURL    *string  `json:"portfolioUrl"`
	CreatedAt       instant  `json:"createdAt"`
	UpdatedAt       instant  `json:"updatedAt"`
}

func (r candidateProfileRow) version() time.Time { return time.Time(r.UpdatedAt) }

func recruiterProfileOf(p *hiring.RecruiterProfile) *recruiterProfileRow {
	if p == nil {
		return nil
	}
	return &recruiterProfileRow{
		p.ID, p.UserID, p.CompanyName, p.LogoFileID, p.BrandColor, p.EmailIntro, p.EmailTips, p.EmailCTAText, p.Subscription,
		instantOf(p.SubscriptionUpdatedAt), instant(p.CreatedAt), instant(p.UpdatedAt),
	}
}

func candidateProfileOf(p *hiring.CandidateProfile) *candidateProfileRow {
	if p == nil {
		return nil
	}
	skills := p.Skills
	if skills == nil {
		skills = []string{}
	}
	return &candidateProfileRow{
		p.ID, p.UserID, p.FullName, p.Email, p.Phone, p.Bio, skills, p.ExperienceYears, p.ResumeFileID, p.LinkedinURL, p.PortfolioURL,
		instant(p.CreatedAt), instant(p.UpdatedAt),
	}
}

func (s *Server) getRecruiterProfile(ctx context.Context, r request[struct{}]) (recruiterProfileRow, error) {
	p, err := s.services.Accounts.RecruiterProfile(ctx, r.Actor)
	return *recruiterProfileOf(&p), err
}

func (s *Server) getCandidateProfile(ctx context.Context, r request[struct{}]) (candidateProfileRow, error) {
	p, err := s.services.Accounts.CandidateProfile(ctx, r.Actor)
	return *candidateProfileOf(&p), err
}

// The settings page sends nulls for what is not set (contract section 2.3).
type recruiterProfileIn struct {
	CompanyName  Nullable[string] `json:"companyName" maxLength:"200"`
	LogoFileID   Nullable[string] `json:"logoFileId" format:"uuid"`
	BrandColor   Nullable[string] `json:"brandColor" format:"hexcolor"`
	EmailIntro   Nullable[string] `json:"emailIntro" maxLength:"1000"`
	EmailTips    Nullable[string] `json:"emailTips" maxLength:"2000"`
	EmailCTAText Nullable[string] `json:"emailCtaText" maxLength:"100"`
}

func (s *Server) patchRecruiterProfile(ctx context.Context, r request[recruiterProfileIn]) (recruiterProfileRow, error) {
	in := &r.In
	p, err := s.services.Accounts.UpdateRecruiterProfile(ctx, r.Actor, hiring.RecruiterProfileChange{
		CompanyName: in.CompanyName.given(), LogoFileID: in.LogoFileID.given(), BrandColor: in.BrandColor.given(),
		EmailIntro: in.EmailIntro.given(), EmailTips: in.EmailTips.given(), EmailCTAText: in.EmailCTAText.given(),
	}, r.IfMatch)
	return *recruiterProfileOf(&p), err
}

type candidateProfileIn struct {
	FullName        Nullable[string]   `json:"fullName" maxLength:"100"`
	Email           Nullable[string]   `json:"email" maxLength:"254"`
	Phone           Nullable[string]   `json:"phone" maxLength:"20"`
	Bio             Nullable[string]   `json:"bio" maxLength:"2000"`
	Skills          Nullable[[]string] `json:"skills" maxLength:"200"`
	ExperienceYears Nullable[float64]  `json:"experienceYears" minimum:"0" maximum:"50"`
	ResumeFileID    Nullable[string]   `json:"resumeFileId" format:"uuid"`
	LinkedinURL     Nullable[string]   `json:"linkedinUrl" format:"uri"`
	PortfolioURL    Nullable[string]   `json:"portfolioUrl" format:"uri"`
}

func (s *Server) patchCandidateProfile(ctx context.Context, r request[candidateProfileIn]) (candidateProfileRow, error) {
	in := &r.In
	change := hiring.CandidateProfileChange{
		FullName: in.FullName.given(), Email: in.Email.given(), Phone: in.Phone.given(), Bio: in.Bio.given(),
		ResumeFileID: in.ResumeFileID.given(), LinkedinURL: in.LinkedinURL.given(), PortfolioURL: in.PortfolioURL.given(),
	}
	if in.Skills.Set {
		skills := []string{}
		if in.Skills.Value != nil {
			skills = *in.Skills.Value
		}
		change.Skills = &skills
	}
	if in.ExperienceYears.Set {
		var years *int
		if v := in.ExperienceYears.Value; v != nil {
			whole := int(math.Trunc(*v)) // contract section 2.3
			years = &whole
		}
		change.ExperienceYears = &years
	}
	p, err := s.services.Accounts.UpdateCandidateProfile(ctx, r.Actor, change, r.IfMatch)
	return *candidateProfileOf(&p), err
}
