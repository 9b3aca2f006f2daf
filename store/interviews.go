package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
)

const (
	interviewColumns = `i.id, i."recruiterId", i."jobId", i."candidateEmail", i."candidateName", i."candidateNotes",
		i."candidateResumeFileId", i."candidateUserId", i."candidatePhone", i."jobRole", i.type, i."timeLimitMinutes",
		i.status, i."interviewUrl", i."expiresAt", i."startedAt", i."completedAt", i.score, i."transcriptSummary",
		i."recordingGcsKey", i."consentPolicy", i.plan, i."planVersion", i."planUpdatedAt", i."createdAt", i."updatedAt"`

	insertInterview = `
		INSERT INTO "Interview" (id, "recruiterId", "jobId", "candidateEmail", "candidateName", "candidateNotes",
			"candidateResumeFileId", "candidateUserId", "candidatePhone", "jobRole", type, "timeLimitMinutes",
			status, "interviewUrl", "expiresAt", "startedAt", "completedAt", score, "transcriptSummary",
			"recordingGcsKey", "consentPolicy", plan, "planVersion", "planUpdatedAt", "createdAt", "updatedAt")
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
			coalesce($25, now()), coalesce($26, $25, now()))`

	selectInterview = `SELECT ` + interviewColumns + ` FROM "Interview" i WHERE i.id = $1`

	// What is on the right of an assignment is the old row. updatedAt is its version: it
	// only rises.
	updateStatus = `
		UPDATE "Interview" i SET
			status = $3::text::"InterviewStatus",
			"startedAt" = CASE WHEN $3::text = 'IN_PROGRESS' THEN $4::timestamptz ELSE "startedAt" END,
			"completedAt" = CASE WHEN status = 'IN_PROGRESS' AND $3::text <> 'IN_PROGRESS' THEN $4::timestamptz ELSE "completedAt" END,
			"updatedAt" = greatest($4::timestamptz, "updatedAt" + interval '1 millisecond')
		WHERE id = $1 AND status::text = ANY ($2)
		RETURNING ` + interviewColumns

	selectOverdue = `
		SELECT i.id, e.reason, e.at FROM interview_end e JOIN "Interview" i ON i.id = e.interview
		WHERE i.status = 'IN_PROGRESS' AND e.reason = ANY ($1) ORDER BY e.at LIMIT 100`

	selectMessages = `
		SELECT id, "interviewId", role, content, "createdAt", seq, source, turn, reply, interrupted
		FROM ` + orderedMessages + ` ORDER BY ` + messageOrder

	// orderedMessages are the lines of interview $1 with their place. Those of a call
	// have the order of their seq. One without a seq comes from the REST API or from
	// a late event: it stands behind the last line with a seq that is not younger.
	orderedMessages = `(
		SELECT *, coalesce(seq, max(seq) OVER (ORDER BY "createdAt"), 0) AS place
		FROM "InterviewMessage" WHERE "interviewId" = $1
	) m`

	messageOrder = `place, seq NULLS LAST, "createdAt", id`
)

// Interviews implements hiring.Interviews, hiring.InterviewBook and
// hiring.InterviewLists.
type Interviews struct{ pool *pgxpool.Pool }

var _ hiring.Interviews = (*Interviews)(nil)

// NewInterviews stores interviews through the pool.
func NewInterviews(pool *pgxpool.Pool) *Interviews { return &Interviews{pool} }

// Create is CreateWithin without a bound. Empty type, status and consent policy and
// zero times are stored as the columns' defaults.
func (s *Interviews) Create(ctx context.Context, row hiring.Interview, first hiring.Session) error {
	return s.CreateWithin(ctx, row, first, 0)
}

// Get implements hiring.Interviews.
func (s *Interviews) Get(ctx context.Context, id interview.ID) (hiring.Interview, error) {
	if !known(string(id)) {
		return hiring.Interview{}, fmt.Errorf("get interview %q: %w", id, hiring.ErrNotFound)
	}
	row, err := one(ctx, s.pool, scanInterview, selectInterview, id)
	return row, wrap("get interview", string(id), err)
}

// SetStatus implements hiring.Interviews: one conditional update, so that of two
// who move the same interview one wins.
func (s *Interviews) SetStatus(ctx context.Context, id interview.ID, from []interview.Status, to interview.Status, at time.Time) (hiring.Interview, error) {
	if !known(string(id)) {
		return hiring.Interview{}, fmt.Errorf("set status of interview %q: %w", id, hiring.ErrNotFound)
	}
	names := make([]string, len(from))
	for i, status := range from {
		names[i] = string(status)
	}
	row, err := one(ctx, s.pool, scanInterview, updateStatus, id, names, to, millis(at))
	if errors.Is(err, pgx.ErrNoRows) {
		var is interview.Status
		if err = s.pool.QueryRow(ctx, `SELECT status FROM "Interview" WHERE id = $1`, id).Scan(&is); err == nil {
			err = fmt.Errorf("%w: it is %s", hiring.ErrConflict, is)
		}
	}
	return row, wrap(fmt.Sprintf("set status %s of interview", to), string(id), err)
}

// Overdue implements hiring.Interviews.
func (s *Interviews) Overdue(ctx context.Context) ([]hiring.OverdueEnd, error) {
	rows, err := s.pool.Query(ctx, selectOverdue, finalReasons())
	if err != nil {
		return nil, fmt.Errorf("read overdue ends: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (hiring.OverdueEnd, error) {
		var o hiring.OverdueEnd
		return o, row.Scan(&o.Interview, &o.Reason, &o.At)
	})
	if err != nil {
		return nil, fmt.Errorf("read overdue ends: %w", err)
	}
	return found, nil
}

// finalReasons are those for which an interview is over for good.
func finalReasons() []string {
	var final []string
	for _, reason := range interview.EndReasons() {
		if reason.Final() {
			final = append(final, string(reason))
		}
	}
	return final
}

// Messages implements hiring.Interviews.
func (s *Interviews) Messages(ctx context.Context, id interview.ID) ([]hiring.Message, error) {
	if !known(string(id)) {
		return []hiring.Message{}, nil
	}
	rows, err := s.pool.Query(ctx, selectMessages, id)
	if err != nil {
		return nil, wrap("read the messages of interview", string(id), err)
	}
	messages, err := pgx.CollectRows(rows, scanMessage) // never nil
	return messages, wrap("read the messages of interview", string(id), err)
}

func scanInterview(row pgx.CollectableRow) (hiring.Interview, error) {
	var i hiring.Interview
	return i, row.Scan(interviewTargets(&i)...)
}

// interviewTargets are in the order of interviewColumns.
func interviewTargets(i *hiring.Interview) []any {
	return []any{
		&i.ID, &i.RecruiterID, &i.JobID, &i.CandidateEmail, &i.CandidateName, &i.CandidateNotes,
		&i.CandidateResumeFileID, &i.CandidateUserID, &i.CandidatePhone, &i.JobRole, &i.Type, &i.TimeLimitMinutes,
		&i.Status, &i.InterviewURL, &i.ExpiresAt, &i.StartedAt, &i.CompletedAt, &i.Score, &i.TranscriptSummary,
		&i.RecordingGCSKey, &i.ConsentPolicy, &i.Plan, &i.PlanVersion, &i.PlanUpdatedAt, &i.CreatedAt, &i.UpdatedAt,
	}
}

// interviewArgs are in the order of insertInterview.
func interviewArgs(i hiring.Interview) []any {
	return []any{
		i.ID, i.RecruiterID, i.JobID, i.CandidateEmail, i.CandidateName, i.CandidateNotes,
		i.CandidateResumeFileID, i.CandidateUserID, i.CandidatePhone, i.JobRole, orDefault(i.Type, interview.ModeText), i.TimeLimitMinutes,
		orDefault(i.Status, interview.StatusPending), i.InterviewURL, millisOrNull(i.ExpiresAt), millisOrNull(i.StartedAt), millisOrNull(i.CompletedAt), i.Score, i.TranscriptSummary,
		i.RecordingGCSKey, orDefault(i.ConsentPolicy, hiring.ConsentRequired), documentArg(i.Plan), i.PlanVersion, millisOrNull(i.PlanUpdatedAt), setOrNull(i.CreatedAt), setOrNull(i.UpdatedAt),
	}
}

// documentArg is a JSON document as text: []byte would be taken for bytea.
func documentArg(document []byte) *string {
	if document == nil {
		return nil
	}
	text := string(document)
	return &text
}

func checkInterview(i hiring.Interview) error {
	if err := checkTexts(
		field{"id", string(i.ID)}, field{"recruiterId", i.RecruiterID}, field{"jobId", orEmpty(i.JobID)},
		field{"candidateEmail", i.CandidateEmail}, field{"candidateName", orEmpty(i.CandidateName)},
		field{"candidateNotes", orEmpty(i.CandidateNotes)}, field{"candidateResumeFileId", orEmpty(i.CandidateResumeFileID)},
		field{"candidateUserId", orEmpty(i.CandidateUserID)}, field{"candidatePhone", orEmpty(i.CandidatePhone)},
		field{"jobRole", i.JobRole}, field{"interviewUrl", orEmpty(i.InterviewURL)},
		field{"transcriptSummary", orEmpty(i.TranscriptSummary)}, field{"recordingGcsKey", orEmpty(i.RecordingGCSKey)},
	); err != nil {
		return err
	}
	if i.Plan != nil {
		if reason := unfitDocument(i.Plan); reason != "" {
			return &hiring.TextError{Field: "plan", Reason: reason}
		}
	}
	return nil
}

func scanMessage(row pgx.CollectableRow) (hiring.Message, error) {
	var m hiring.Message
	return m, row.Scan(&m.ID, &m.InterviewID, &m.Role, &m.Content, &m.CreatedAt, &m.Seq, &m.Source, &m.Turn, &m.Reply, &m.Interrupted)
}

func orDefault[T ~string](v, def T) T {
	if v == "" {
		return def
	}
	return v
}

// millis is the time as it is stored; the database would round it instead.
func millis(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

func millisOrNull(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	cut := millis(*t)
	return &cut
}

// setOrNull is null for the zero time.
func setOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return millisOrNull(&t)
}
