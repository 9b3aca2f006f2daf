package api

import (
	"net/http"
	"reflect"

	"github.com/gofiber/fiber/v2"

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

func (s *Server) interviewRoutes() []declared {
	return []declared{
		plainRoute(http.MethodPost, "/interviews", accessRecruiter.orDeveloper(), http.StatusCreated, "Create an interview", reflect.TypeFor[createdInterview](), s.createInterview),
		plainRoute(http.MethodGet, "/interviews/:id", accessRecruiter.orDeveloper(), http.StatusOK, "Read an interview", reflect.TypeFor[interviewRow](), s.getInterview),
		plainRoute(http.MethodGet, "/interviews/:id/transcript", accessRecruiter.orDeveloper(), http.StatusOK, "Read what was said", reflect.TypeFor[[]messageRow](), s.getTranscript),
	}
}

// createdInterview is a new interview with its first link.
type createdInterview struct {
	interviewRow

	Sessions []sessionRow `json:"sessions"`
}

// createInterview is POST /interviews.
func (s *Server) createInterview(c *fiber.Ctx) error {
	in, err := parseInput(c.Body())
	if err != nil {
		return err
	}
	n := hiring.NewInterview{
		CandidateName: in.text("candidateName", false, 0, 200), CandidateNotes: in.text("candidateNotes", false, 0, 5000),
		CandidatePhone: in.text("candidatePhone", false, 0, 40), CandidateResumeFileID: in.uuid("candidateResumeFileId"), JobID: in.uuid("jobId"),
		Type:             interview.Mode(in.oneOf("type", string(interview.ModeText), string(interview.ModeVoice))),
		TimeLimitMinutes: in.integer("timeLimitMinutes", 5, 120), ExpiresAt: in.instant("expiresAt"),
		Consent: hiring.ConsentPolicy(in.oneOf("consentPolicy", string(hiring.ConsentRequired), string(hiring.ConsentImplied))),
		Plan:    in.object("plan"),
	}
	if email := in.text("candidateEmail", true, 0, 0); email != nil {
		if n.CandidateEmail = *email; !hiring.ValidEmail(*email) {
			in.fault("candidateEmail", "Invalid email")
		}
	}
	if role := in.text("jobRole", true, 1, 200); role != nil {
		n.JobRole = *role
	}
	if err := in.problem(); err != nil {
		return err
	}
	row, link, err := s.services.Hiring.Create(c.UserContext(), actorOf(c).UserID, n)
	if err != nil {
		return err
	}
	return answerJSON(c, http.StatusCreated, createdInterview{rowOf(row), []sessionRow{sessionOf(link)}})
}

// owned finds the interview of the path for its recruiter.
func (s *Server) owned(c *fiber.Ctx) (hiring.Interview, error) {
	id := c.Params("id")
	if !uuidShape.MatchString(id) {
		return hiring.Interview{}, errNoInterview
	}
	return s.services.Hiring.Owned(c.UserContext(), actorOf(c).UserID, interview.ID(id))
}

// getInterview is GET /interviews/:id.
func (s *Server) getInterview(c *fiber.Ctx) error {
	row, err := s.owned(c)
	if err != nil {
		return err
	}
	return answerJSON(c, http.StatusOK, rowOf(row))
}

// getTranscript is GET /interviews/:id/transcript.
func (s *Server) getTranscript(c *fiber.Ctx) error {
	row, err := s.owned(c)
	if err != nil {
		return err
	}
	lines, err := s.services.Hiring.Transcript(c.UserContext(), row.RecruiterID, row.ID)
	if err != nil {
		return err
	}
	rows := make([]messageRow, len(lines))
	for i, m := range lines {
		rows[i] = messageRow{
			ID: m.ID, InterviewID: m.InterviewID, Role: m.Role, Content: m.Content, CreatedAt: instant(m.CreatedAt),
			Seq: m.Seq, Interrupted: m.Interrupted != nil && *m.Interrupted,
		}
	}
	return answerJSON(c, http.StatusOK, rows)
}
