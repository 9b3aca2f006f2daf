package api

import (
	"time"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
)

// interviewRow is the contract's InterviewRow (section 2.0).
type interviewRow struct {
	ID                    interview.ID         `json:"id"`
	RecruiterID           string               `json:"recruiterId"`
	JobID                 *string              `json:"jobId"`
	CandidateEmail        string               `json:"candidateEmail"`
	CandidateName         *string              `json:"candidateName"`
	CandidateNotes        *string              `json:"candidateNotes"`
	CandidateResumeFileID *string              `json:"candidateResumeFileId"`
	CandidateUserID       *string              `json:"candidateUserId"`
	JobRole               string               `json:"jobRole"`
	Type                  interview.Mode       `json:"type"`
	TimeLimitMinutes      int                  `json:"timeLimitMinutes"`
	Status                interview.Status     `json:"status"`
	InterviewURL          *string              `json:"interviewUrl"`
	ExpiresAt             *instant             `json:"expiresAt"`
	StartedAt             *instant             `json:"startedAt"`
	CompletedAt           *instant             `json:"completedAt"`
	Score                 *int                 `json:"score"`
	TranscriptSummary     *string              `json:"transcriptSummary"`
	RecordingGCSKey       *string              `json:"recordingGcsKey"`
	ConsentPolicy         hiring.ConsentPolicy `json:"consentPolicy"`
	CreatedAt             instant              `json:"createdAt"`
	UpdatedAt             instant              `json:"updatedAt"`
}

func (r interviewRow) version() time.Time { return time.Time(r.UpdatedAt) }

func rowOf(i hiring.Interview) interviewRow {
	return interviewRow{
		ID: i.ID, RecruiterID: i.RecruiterID, JobID: i.JobID, CandidateEmail: i.CandidateEmail, CandidateName: i.CandidateName,
		CandidateNotes: i.CandidateNotes, CandidateResumeFileID: i.CandidateResumeFileID, CandidateUserID: i.CandidateUserID,
		JobRole: i.JobRole, Type: i.Type, TimeLimitMinutes: i.TimeLimitMinutes, Status: i.Status, InterviewURL: i.InterviewURL,
		ExpiresAt: instantOf(i.ExpiresAt), StartedAt: instantOf(i.StartedAt), CompletedAt: instantOf(i.CompletedAt),
		Score: i.Score, TranscriptSummary: i.TranscriptSummary, RecordingGCSKey: i.RecordingGCSKey,
		ConsentPolicy: i.ConsentPolicy, CreatedAt: instant(i.CreatedAt), UpdatedAt: instant(i.UpdatedAt),
	}
}

// withoutLink hides the way in from a key that may only read: whoever has the link
// holds the interview.
func (r interviewRow) withoutLink(actor hiring.Actor) interviewRow {
	if !may(actor, scopeWriteInterviews) {
		r.InterviewURL = nil
	}
	return r
}

const scopeWriteInterviews = "interviews:write"

// sessionRow is the contract's SessionRow.
type sessionRow struct {
	ID             string       `json:"id"`
	InterviewID    interview.ID `json:"interviewId"`
	Token          string       `json:"token"`
	ExpiresAt      instant      `json:"expiresAt"`
	RevokedAt      *instant     `json:"revokedAt"`
	LastAccessedAt *instant     `json:"lastAccessedAt"`
	AccessCount    int          `json:"accessCount"`
	CreatedAt      instant      `json:"createdAt"`
}

func sessionOf(s hiring.Session) sessionRow {
	return sessionRow{
		ID: s.ID, InterviewID: s.InterviewID, Token: s.Token, ExpiresAt: instant(s.ExpiresAt), RevokedAt: instantOf(s.RevokedAt),
		LastAccessedAt: instantOf(s.LastAccessedAt), AccessCount: s.AccessCount, CreatedAt: instant(s.CreatedAt),
	}
}

// messageRow is the contract's MessageRow with the additions of the voice engine.
type messageRow struct {
	ID          string         `json:"id"`
	InterviewID interview.ID   `json:"interviewId"`
	Role        interview.Role `json:"role"`
	Content     string         `json:"content"`
	CreatedAt   instant        `json:"createdAt"`
	Seq         *interview.Seq `json:"seq"`
	Interrupted bool           `json:"interrupted"`
}

func messageOf(m hiring.Message) messageRow {
	return messageRow{
		ID: m.ID, InterviewID: m.InterviewID, Role: m.Role, Content: m.Content, CreatedAt: instant(m.CreatedAt),
		Seq: m.Seq, Interrupted: m.Interrupted != nil && *m.Interrupted,
	}
}

// createdInterview is a new interview with its first link.
type createdInterview struct {
	interviewRow

	Sessions []sessionRow `json:"sessions" nullable:"false"`
}

// listedInterview is an interview in a list.
type listedInterview struct {
	interviewRow

	Job   *jobTitle     `json:"job"`
	Count messageCounts `json:"_count"`
}

type messageCounts struct {
	Messages int `json:"messages"`
}

func listedInterviewOf(l hiring.ListedInterview) listedInterview {
	row := listedInterview{interviewRow: rowOf(l.Interview), Count: messageCounts{l.Messages}}
	if l.Job != nil {
		row.Job = &jobTitle{l.Job.ID, l.Job.Title}
	}
	return row
}

// interviewDetail is an interview with what hangs on it.
type interviewDetail struct {
	interviewRow

	Job      *jobRow      `json:"job"`
	Messages []messageRow `json:"messages" nullable:"false"`
	Sessions []sessionRow `json:"sessions" nullable:"false"`
}

func interviewDetailOf(d hiring.InterviewDetail) interviewDetail {
	row := interviewDetail{interviewRow: rowOf(d.Interview), Messages: mapped(d.Messages, messageOf), Sessions: mapped(d.Links, sessionOf)}
	if d.Job != nil {
		job := jobRowOf(*d.Job)
		row.Job = &job
	}
	return row
}
