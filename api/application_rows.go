package api

import "github.com/vantahire/vantahire/hiring"

type jobTitle struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

type jobPlace struct {
	jobTitle

	Department *string `json:"department"`
	Location   *string `json:"location"`
}

type fileName struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type fileType struct {
	fileName

	MimeType string `json:"mimeType"`
}

type sizedFile struct {
	fileType

	Size int64 `json:"size"`
}

// attachedFile is a file that hangs on an application.
type attachedFile struct {
	fileType

	Category  hiring.FileCategory `json:"category" enum:"LOGO,RESUME,SCREENSHOT,DOCUMENT"`
	CreatedAt instant             `json:"createdAt"`
}

func fileNameOf(f *hiring.FileRef) *fileName {
	if f == nil {
		return nil
	}
	return &fileName{f.ID, f.Name}
}

func fileTypeOf(f *hiring.FileRef) *fileType {
	if f == nil {
		return nil
	}
	return &fileType{fileName{f.ID, f.Name}, f.MimeType}
}

func attachedFileOf(f hiring.FileRef) attachedFile {
	return attachedFile{*fileTypeOf(&f), f.Category, instant(f.CreatedAt)}
}

// applicant is the candidate of contract section 2.7.1: flat and nested.
type applicant struct {
	ID               string            `json:"id"`
	FullName         *string           `json:"fullName"`
	Email            *string           `json:"email"`
	AvatarURL        *string           `json:"avatarUrl"`
	Phone            *string           `json:"phone"`
	Bio              *string           `json:"bio"`
	Skills           []string          `json:"skills" nullable:"false"`
	ExperienceYears  *int              `json:"experienceYears"`
	LinkedinURL      *string           `json:"linkedinUrl"`
	PortfolioURL     *string           `json:"portfolioUrl"`
	CandidateProfile *applicantProfile `json:"candidateProfile"`
}

type applicantProfile struct {
	Bio             *string  `json:"bio"`
	Skills          []string `json:"skills" nullable:"false"`
	ExperienceYears *int     `json:"experienceYears"`
	LinkedinURL     *string  `json:"linkedinUrl"`
	PortfolioURL    *string  `json:"portfolioUrl"`
}

func applicantOf(a *hiring.Applicant) *applicant {
	if a == nil {
		return nil
	}
	skills := a.Skills
	if skills == nil {
		skills = []string{}
	}
	row := &applicant{
		ID: a.ID, FullName: a.FullName, Email: a.Email, AvatarURL: a.AvatarURL, Phone: a.Phone, Bio: a.Bio, Skills: skills,
		ExperienceYears: a.ExperienceYears, LinkedinURL: a.LinkedinURL, PortfolioURL: a.PortfolioURL,
	}
	if a.HasProfile {
		row.CandidateProfile = &applicantProfile{a.Bio, skills, a.ExperienceYears, a.LinkedinURL, a.PortfolioURL}
	}
	return row
}

// receivedApplicationRow is an application in a recruiter's list.
type receivedApplicationRow struct {
	applicationRow

	Job        jobPlace   `json:"job"`
	ResumeFile *fileName  `json:"resumeFile"`
	Candidate  *applicant `json:"candidate"`
}

func placeOf(j hiring.Job) jobPlace {
	return jobPlace{jobTitle{j.ID, j.Title}, j.Department, j.Location}
}

func receivedApplicationRowOf(a hiring.ListedApplication) receivedApplicationRow {
	return receivedApplicationRow{applicationRowOf(a.Application), placeOf(a.Job), fileNameOf(a.Resume), applicantOf(a.Applicant)}
}

// adminApplicationRow is one in the administrators' list.
type adminApplicationRow struct {
	applicationRow

	Job struct {
		jobTitle

		Recruiter recruiterRef `json:"recruiter"`
	} `json:"job"`
	ResumeFile *fileName        `json:"resumeFile"`
	Candidate  *candidateOfUser `json:"candidate"`
}

type candidateOfUser struct {
	ID       string  `json:"id"`
	Email    string  `json:"email"`
	FullName *string `json:"fullName"`
}

func adminApplicationRowOf(a hiring.ListedApplication) adminApplicationRow {
	row := adminApplicationRow{applicationRow: applicationRowOf(a.Application), ResumeFile: fileNameOf(a.Resume)}
	row.Job.jobTitle = jobTitle{a.Job.ID, a.Job.Title}
	row.Job.Recruiter = recruiterRef{a.Job.RecruiterID, a.RecruiterEmail, a.RecruiterName}
	if u := a.Applicant; u != nil {
		row.Candidate = &candidateOfUser{u.ID, u.UserEmail, u.UserFullName}
	}
	return row
}

// applicationDetail is a single application as its recruiter sees it.
type applicationDetail struct {
	applicationRow

	Job        jobPlace       `json:"job"`
	ResumeFile *sizedFile     `json:"resumeFile"`
	Files      []attachedFile `json:"files" nullable:"false"`
	Candidate  *applicant     `json:"candidate"`
}

func applicationDetailOf(a hiring.ListedApplication) applicationDetail {
	row := applicationDetail{
		applicationRow: applicationRowOf(a.Application), Job: placeOf(a.Job), Files: mapped(a.Files, attachedFileOf), Candidate: applicantOf(a.Applicant),
	}
	if a.Resume != nil {
		row.ResumeFile = &sizedFile{*fileTypeOf(a.Resume), a.Resume.Size}
	}
	return row
}

// recruiterWithCompany is a job's recruiter as its applicants see him.
type recruiterWithCompany struct {
	ID               string   `json:"id"`
	FullName         *string  `json:"fullName"`
	RecruiterProfile *company `json:"recruiterProfile"`
}

type company struct {
	CompanyName *string `json:"companyName"`
}

type appliedJob struct {
	jobPlace

	Recruiter recruiterWithCompany `json:"recruiter"`
}

type appliedJobDetail struct {
	appliedJob

	Description *string `json:"description"`
	JobType     *string `json:"jobType"`
}

// myApplicationRow is an application in its candidate's list.
type myApplicationRow struct {
	applicationRow

	Job        appliedJob `json:"job"`
	ResumeFile *fileName  `json:"resumeFile"`
}

type myApplicationDetail struct {
	applicationRow

	Job        appliedJobDetail `json:"job"`
	ResumeFile *fileType        `json:"resumeFile"`
	Files      []attachedFile   `json:"files" nullable:"false"`
}

func appliedJobOf(a hiring.ListedApplication) appliedJob {
	job := appliedJob{placeOf(a.Job), recruiterWithCompany{ID: a.Job.RecruiterID, FullName: a.RecruiterName}}
	if a.RecruiterHasProfile {
		job.Recruiter.RecruiterProfile = &company{a.CompanyName}
	}
	return job
}

func myApplicationRowOf(a hiring.ListedApplication) myApplicationRow {
	return myApplicationRow{applicationRowOf(a.Application), appliedJobOf(a), fileNameOf(a.Resume)}
}

func myApplicationDetailOf(a hiring.ListedApplication) myApplicationDetail {
	return myApplicationDetail{
		applicationRowOf(a.Application), appliedJobDetail{appliedJobOf(a), a.Job.Description, a.Job.JobType}, fileTypeOf(a.Resume), mapped(a.Files, attachedFileOf),
	}
}
