package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/store"
)

func anyRow(*hiring.Interview) error { return nil }

var errNo = errors.New("no")

func TestAnEditSeesTheRowAndKeepsOthersOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.interview(t)
	before, err := b.interviews.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	const editors = 20
	var wg sync.WaitGroup
	for range editors {
		wg.Go(func() {
			_, err := b.interviews.Edit(context.Background(), id, func(row *hiring.Interview) error {
				row.TimeLimitMinutes++
				row.PlanVersion++
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	after, err := b.interviews.Get(t.Context(), id)
	if err != nil || after.TimeLimitMinutes != before.TimeLimitMinutes+editors || after.PlanVersion != editors {
		t.Errorf("%d edits made %d of %d minutes (%v)", editors, after.TimeLimitMinutes, before.TimeLimitMinutes, err)
	}
	if moved := after.UpdatedAt.Sub(before.UpdatedAt); moved < editors*time.Millisecond {
		t.Errorf("%d edits moved updatedAt by %s: two of them have one version", editors, moved)
	}
	if _, err := b.interviews.Edit(t.Context(), id, func(row *hiring.Interview) error {
		row.TimeLimitMinutes = 1
		return errNo
	}); !errors.Is(err, errNo) {
		t.Errorf("a refused edit: %v", err)
	}
	if _, err := b.interviews.Edit(t.Context(), id, func(row *hiring.Interview) error {
		row.CandidateNotes = ptr("a\x00b")
		return nil
	}); !errors.As(err, new(*hiring.TextError)) {
		t.Errorf("a text that can't be stored: %v", err)
	}
	if err := b.interviews.Delete(t.Context(), id, func(*hiring.Interview) error { return errNo }); !errors.Is(err, errNo) {
		t.Errorf("a refused deletion: %v", err)
	}
	if again, err := b.interviews.Get(t.Context(), id); err != nil || !again.UpdatedAt.Equal(after.UpdatedAt) {
		t.Errorf("a refused edit left something: %v", err)
	}
}

func TestTheLastPlaceIsGivenOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const most = 5
	var made, full atomic.Int32
	var wg sync.WaitGroup
	for range 4 * most {
		wg.Go(func() {
			row, link := newInterview()
			switch err := b.interviews.CreateWithin(context.Background(), row, link, most); {
			case err == nil:
				made.Add(1)
			case errors.Is(err, hiring.ErrFull):
				full.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if made.Load() != most || full.Load() != 3*most {
		t.Errorf("%d interviews were made of %d, %d refused", made.Load(), most, full.Load())
	}
	b.exec(t, `UPDATE "Interview" SET status = 'EXPIRED' WHERE id IN (SELECT id FROM "Interview" LIMIT 1)`)
	row, link := newInterview()
	if err := b.interviews.CreateWithin(t.Context(), row, link, most); err != nil {
		t.Errorf("an interview that is over still takes a place: %v", err)
	}
}

func TestWhatANewInterviewMayReferTo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, sql := range []string{
		`INSERT INTO "User" (id, email, provider, "providerId") VALUES ('other', 'other@example.com', 'test', 'o'), ('ada', 'Ada@Example.com', 'test', 'a')`,
		`INSERT INTO "Job" (id, "recruiterId", title, plan) VALUES ('mine', '` + store.DevelopmentRecruiter + `', 'x', '{"a": 1}'), ('theirs', 'other', 'y', NULL)`,
		`INSERT INTO "JobApplication" (id, "jobId", "candidateId") VALUES ('application', 'mine', 'ada'), ('foreign', 'theirs', 'ada')`,
		`INSERT INTO "File" (id, name, "mimeType", size, category, "uploadedBy", "jobApplicationId") VALUES
			('own', 'a', 'b', 1, 'RESUME', '` + store.DevelopmentRecruiter + `', NULL), ('stray', 'a', 'b', 1, 'RESUME', 'other', NULL),
			('applied', 'a', 'b', 1, 'RESUME', 'ada', 'application'), ('elsewhere', 'a', 'b', 1, 'RESUME', 'ada', 'foreign'), ('chosen', 'a', 'b', 1, 'RESUME', 'ada', NULL)`,
		`UPDATE "JobApplication" SET "resumeFileId" = 'chosen' WHERE id = 'application'`,
	} {
		b.exec(t, sql)
	}
	for _, c := range []struct {
		job, file   string
		admin       bool
		jobOK, fits bool
	}{
		{job: "mine", file: "own", jobOK: true, fits: true},
		{job: "theirs", file: "stray"},
		{job: "theirs", file: "stray", admin: true, jobOK: true, fits: true},
		{job: "nothing", file: "nothing", admin: true},
		{file: "applied", jobOK: true, fits: true},
		{file: "chosen", jobOK: true, fits: true},
		{file: "elsewhere", jobOK: true},
	} {
		q := hiring.BasisQuery{RecruiterID: store.DevelopmentRecruiter, Admin: c.admin, CandidateEmail: "ada@example.COM", ResumeFileID: &c.file}
		if c.job != "" {
			q.JobID = &c.job
		}
		got, err := b.interviews.Basis(t.Context(), q)
		if err != nil || got.Job != c.jobOK || got.Resume != c.fits || got.CandidateUserID == nil || *got.CandidateUserID != "ada" || (got.JobPlan != nil) != (c.job == "mine") {
			t.Errorf("%+v: %+v, %v", c, got, err)
		}
	}
	none, err := b.interviews.Basis(t.Context(), hiring.BasisQuery{RecruiterID: store.DevelopmentRecruiter, CandidateEmail: "nobody@example.com"})
	if err != nil || !none.Job || !none.Resume || none.CandidateUserID != nil || none.JobPlan != nil {
		t.Errorf("nothing asked for: %+v, %v", none, err)
	}
}

func TestOnlyWhatIsOverdueExpires(t *testing.T) {
	t.Parallel()
	b := setup(t)
	at, slack := now(), 5*time.Minute
	past, limit := at.Add(-time.Second), at.Add(-35*time.Minute)
	just, long := limit.Add(time.Second), limit.Add(-time.Second)
	cases := map[string]struct {
		change func(*hiring.Interview)
		end    interview.EndReason // that the ledger knows
		over   bool
	}{
		"waits":            {change: func(i *hiring.Interview) { i.ExpiresAt = ptr(at.Add(time.Second)) }},
		"waits for ever":   {change: func(*hiring.Interview) {}},
		"was never opened": {change: func(i *hiring.Interview) { i.ExpiresAt = &past }, over: true},
		"runs": {change: func(i *hiring.Interview) {
			i.Status, i.StartedAt, i.ExpiresAt = interview.StatusInProgress, &just, &past
		}},
		"runs too long":               {change: func(i *hiring.Interview) { i.Status, i.StartedAt = interview.StatusInProgress, &long }, over: true},
		"ended and was not completed": {change: func(i *hiring.Interview) { i.Status, i.StartedAt = interview.StatusInProgress, &long }, end: interview.EndFinished},
		"was left and may be resumed": {change: func(i *hiring.Interview) { i.Status, i.StartedAt = interview.StatusInProgress, &long }, end: interview.EndShutdown, over: true},
		"was completed": {change: func(i *hiring.Interview) {
			i.Status, i.StartedAt, i.ExpiresAt = interview.StatusCompleted, &long, &past
		}},
		"was expired by somebody else": {change: func(i *hiring.Interview) { i.Status, i.ExpiresAt = interview.StatusExpired, &past }},
	}
	names := map[interview.ID]string{}
	for name, c := range cases {
		row, link := newInterview()
		c.change(&row)
		names[row.ID] = name
		if err := b.interviews.Create(t.Context(), row, link); err != nil {
			t.Fatal(err)
		}
		if c.end != "" {
			b.exec(t, `INSERT INTO interview_owner (interview, fence) VALUES ($1, 1)`, row.ID)
			b.exec(t, `INSERT INTO interview_end (interview, seq, reason, used_ns, at) VALUES ($1, 1, $2, 0, now())`, row.ID, c.end)
		}
	}
	// Two processes do it at once: each interview is one's.
	var mu sync.Mutex
	found := map[string]hiring.Interview{}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			rows, err := b.interviews.Expire(context.Background(), at, slack)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, row := range rows {
				if _, twice := found[names[row.ID]]; twice {
					t.Errorf("one that %s expired twice", names[row.ID])
				}
				found[names[row.ID]] = row
			}
		})
	}
	wg.Wait()
	for name, c := range cases {
		row, over := found[name]
		if over != c.over {
			t.Errorf("one that %s expired: %t", name, over)
		}
		if over && (row.Status != interview.StatusExpired || (row.CompletedAt != nil) != (row.StartedAt != nil)) {
			t.Errorf("one that %s is %s, completed at %v", name, row.Status, row.CompletedAt)
		}
	}
}

// A line and a change of state are one after the other, never at once.
func TestNoLineComesIntoAnInterviewThatIsOver(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for round := range 10 {
		id := b.interview(t)
		if _, err := b.interviews.SetStatus(t.Context(), id, []interview.Status{interview.StatusPending}, interview.StatusInProgress, now()); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := b.interviews.SetStatus(context.Background(), id, []interview.Status{interview.StatusInProgress}, interview.StatusExpired, now()); err != nil {
				t.Error(err)
			}
		})
		var stored atomic.Int32
		for n := range 5 {
			wg.Go(func() {
				err := b.interviews.AddMessage(context.Background(), hiring.Message{ID: fmt.Sprintf("%d/%d", round, n), InterviewID: id, Role: interview.RoleUser, Content: "x", CreatedAt: now()}, now())
				if err == nil {
					stored.Add(1)
				} else if !errors.Is(err, hiring.ErrConflict) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if lines, err := b.interviews.Messages(t.Context(), id); err != nil || len(lines) != int(stored.Load()) {
			t.Errorf("%d lines are stored, %d were acknowledged (%v)", len(lines), stored.Load(), err)
		}
		err := b.interviews.AddMessage(t.Context(), hiring.Message{ID: "late", InterviewID: id, Role: interview.RoleUser, Content: "x", CreatedAt: now()}, now().Add(-time.Hour))
		if !errors.Is(err, hiring.ErrConflict) {
			t.Errorf("a line after the end: %v", err)
		}
	}
}

// Processes that count the same links at once, and deletions meanwhile, don't wait for
// each other in a circle.
func TestUsesAreAddedUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	row, link := newInterview()
	if err := b.interviews.Create(t.Context(), row, link); err != nil {
		t.Fatal(err)
	}
	gone, goneLink := newInterview()
	if err := b.interviews.Create(t.Context(), gone, goneLink); err != nil {
		t.Fatal(err)
	}
	at := now()
	uses := map[string]store.Use{link.ID: {Count: 3, Last: at}, goneLink.ID: {Count: 1, Last: at}, "nothing": {Count: 1, Last: at}}
	for range 10 {
		further := link
		further.ID, further.Token = fmt.Sprintf("further-%d", len(uses)), fmt.Sprintf("token-%d", len(uses))
		further.InterviewID = gone.ID
		if err := b.sessions.Issue(t.Context(), further, "x"); err != nil {
			t.Fatal(err)
		}
		uses[further.ID] = store.Use{Count: 1, Last: at}
	}
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if err := b.sessions.CountUses(context.Background(), uses); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Go(func() {
		if err := b.interviews.Delete(context.Background(), gone.ID, anyRow); err != nil {
			t.Error(err)
		}
	})
	wg.Wait()
	if err := b.sessions.CountUses(t.Context(), map[string]store.Use{link.ID: {Count: 1, Last: at.Add(-time.Hour)}}); err != nil {
		t.Fatal(err)
	}
	got, _, err := b.sessions.ByToken(t.Context(), link.Token)
	if err != nil || got.AccessCount != 31 || got.LastAccessedAt == nil || !got.LastAccessedAt.Equal(at) {
		t.Errorf("%d uses, last %v (%v)", got.AccessCount, got.LastAccessedAt, err)
	}
}
