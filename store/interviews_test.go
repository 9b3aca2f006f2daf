package store_test

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/store"
)

const nobodysID = "22222222-0000-4000-8000-00000000ffff"

func TestAnInterviewComesBackAsItWasStored(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, sql := range []string{
		`INSERT INTO "Job" (id, "recruiterId", title) VALUES ('job', '` + store.DevelopmentRecruiter + `', 'Engineer')`,
		`INSERT INTO "File" (id, name, "mimeType", size, category) VALUES ('file', 'cv.pdf', 'application/pdf', 1, 'RESUME')`,
	} {
		if _, err := b.pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	at := now()
	row, link := newInterview()
	row.JobID, row.CandidateResumeFileID, row.CandidateUserID = ptr("job"), ptr("file"), ptr("gone")
	row.CandidateName, row.CandidateNotes, row.CandidatePhone = ptr("Ada 🦊 O'Hara"), ptr(`{"notes":"x"}`), ptr("+1")
	row.Type, row.Status, row.TimeLimitMinutes = interview.ModeVoice, interview.StatusCompleted, 45
	row.InterviewURL, row.ExpiresAt = ptr("http://localhost:8080/interview/x"), ptr(at.Add(time.Hour))
	row.StartedAt, row.CompletedAt, row.Score = ptr(at), ptr(at.Add(time.Minute)), ptr(7)
	row.TranscriptSummary, row.RecordingGCSKey = ptr("{}"), ptr("key")
	row.ConsentPolicy, row.Plan = hiring.ConsentImplied, []byte(`{"name": "own", "questions": []}`)
	row.PlanVersion, row.PlanUpdatedAt = 3, ptr(at.Add(-time.Second))
	row.CreatedAt, row.UpdatedAt = at, at.Add(time.Second)
	for v, i := reflect.ValueOf(row), 0; i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Errorf("the test leaves %s out", v.Type().Field(i).Name)
		}
	}
	if err := b.interviews.Create(t.Context(), row, link); err != nil {
		t.Fatal(err)
	}
	got, err := b.interviews.Get(t.Context(), row.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(row, got); diff != "" {
		t.Errorf("stored and read differ:\n%s", diff)
	}
	if got.CreatedAt.Location() != time.UTC {
		t.Errorf("times are in %s, want UTC", got.CreatedAt.Location())
	}
}

func TestWhatIsNotGivenHasTheContractsDefault(t *testing.T) {
	t.Parallel()
	b := setup(t)
	row, link := newInterview()
	if err := b.interviews.Create(t.Context(), row, link); err != nil {
		t.Fatal(err)
	}
	got, err := b.interviews.Get(t.Context(), row.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.Type != interview.ModeText || got.Status != interview.StatusPending || got.ConsentPolicy != hiring.ConsentRequired || got.Plan != nil {
		t.Errorf("defaults are %s, %s, %s, %s", got.Type, got.Status, got.ConsentPolicy, got.Plan)
	}
	if got.CreatedAt.IsZero() || got.UpdatedAt.IsZero() {
		t.Error("it was never created")
	}
}

func TestAnInterviewThatCantBeStoredLeavesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	there, theirs := newInterview()
	if err := b.interviews.Create(t.Context(), there, theirs); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		change func(*hiring.Interview, *hiring.Session)
		is     error
	}{
		"an id that is taken":    {func(i *hiring.Interview, s *hiring.Session) { i.ID, s.InterviewID = there.ID, there.ID }, hiring.ErrConflict},
		"a token that is taken":  {func(_ *hiring.Interview, s *hiring.Session) { s.Token = theirs.Token }, hiring.ErrConflict},
		"an unknown recruiter":   {func(i *hiring.Interview, _ *hiring.Session) { i.RecruiterID = "nobody" }, hiring.ErrNotFound},
		"an unknown job":         {func(i *hiring.Interview, _ *hiring.Session) { i.JobID = ptr("nothing") }, hiring.ErrNotFound},
		"an unknown resume":      {func(i *hiring.Interview, _ *hiring.Session) { i.CandidateResumeFileID = ptr("nothing") }, hiring.ErrNotFound},
		"another's link with it": {func(_ *hiring.Interview, s *hiring.Session) { s.InterviewID = nobodysID }, hiring.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			row, link := newInterview()
			tc.change(&row, &link)
			if err := b.interviews.Create(t.Context(), row, link); !errors.Is(err, tc.is) {
				t.Errorf("create answers %v, want %v", err, tc.is)
			}
			if n := scan[int](t, b, `SELECT count(*) FROM "Interview"`); n != 1 {
				t.Errorf("%d interviews, want only the one that was there", n)
			}
		})
	}
}

func TestTextsThatCantBeStoredAreNamed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for field, set := range map[string]func(*hiring.Interview, string){
		"id":                    func(i *hiring.Interview, s string) { i.ID = interview.ID(s) },
		"candidateEmail":        func(i *hiring.Interview, s string) { i.CandidateEmail = s },
		"candidateName":         func(i *hiring.Interview, s string) { i.CandidateName = &s },
		"candidateNotes":        func(i *hiring.Interview, s string) { i.CandidateNotes = &s },
		"candidatePhone":        func(i *hiring.Interview, s string) { i.CandidatePhone = &s },
		"candidateUserId":       func(i *hiring.Interview, s string) { i.CandidateUserID = &s },
		"candidateResumeFileId": func(i *hiring.Interview, s string) { i.CandidateResumeFileID = &s },
		"recruiterId":           func(i *hiring.Interview, s string) { i.RecruiterID = s },
		"jobId":                 func(i *hiring.Interview, s string) { i.JobID = &s },
		"jobRole":               func(i *hiring.Interview, s string) { i.JobRole = s },
		"interviewUrl":          func(i *hiring.Interview, s string) { i.InterviewURL = &s },
		"transcriptSummary":     func(i *hiring.Interview, s string) { i.TranscriptSummary = &s },
		"recordingGcsKey":       func(i *hiring.Interview, s string) { i.RecordingGCSKey = &s },
		"plan":                  func(i *hiring.Interview, s string) { i.Plan = fmt.Appendf(nil, "%q\x00", s) },
	} {
		for what, text := range unfit {
			row, link := newInterview()
			set(&row, text)
			err := b.interviews.Create(t.Context(), row, link)
			var bad *hiring.TextError
			if !errors.As(err, &bad) || bad.Field != field {
				t.Errorf("%s with %s: %v, want it named", field, what, err)
			}
		}
	}
	for what, text := range unfit {
		row, link := newInterview()
		link.Token = text
		var bad *hiring.TextError
		if err := b.interviews.Create(t.Context(), row, link); !errors.As(err, &bad) || bad.Field != "token" {
			t.Errorf("a token with %s: %v, want it named", what, err)
		}
	}
}

// Ids come from paths and queries: any bytes.
func TestIDsNoRowCanHaveAreNotFound(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ids := []string{"", nobodysID, "../../etc", "'; DROP TABLE \"Interview\"; --"}
	for _, text := range unfit {
		ids = append(ids, text)
	}
	for _, id := range ids {
		for op, err := range map[string]error{
			"get":        second(b.interviews.Get(t.Context(), interview.ID(id))),
			"set status": second(b.interviews.SetStatus(t.Context(), interview.ID(id), []interview.Status{interview.StatusPending}, interview.StatusExpired, now())),
			"by token":   third(b.sessions.ByToken(t.Context(), id)),
			"touch":      b.sessions.Touch(t.Context(), id),
			"revoke":     b.sessions.Revoke(t.Context(), interview.ID(id), id, now()),
			"edit":       second(b.interviews.Edit(t.Context(), interview.ID(id), func(*hiring.Interview) error { return nil })),
			"delete":     b.interviews.Delete(t.Context(), interview.ID(id), anyRow),
			"add line":   b.interviews.AddMessage(t.Context(), hiring.Message{ID: "x", InterviewID: interview.ID(id), Role: interview.RoleUser, Content: "x"}, now()),
			"user":       second(b.users.ByID(t.Context(), id)),
		} {
			if !errors.Is(err, hiring.ErrNotFound) {
				t.Errorf("%s %q: %v, want ErrNotFound", op, id, err)
			}
		}
		if lines, err := b.interviews.Messages(t.Context(), interview.ID(id)); err != nil || lines == nil || len(lines) != 0 {
			t.Errorf("messages of %q: %v, %v; want an empty list", id, lines, err)
		}
		if _, given, err := b.consents.Get(t.Context(), interview.ID(id)); err != nil || given {
			t.Errorf("consent of %q: %t, %v; want none", id, given, err)
		}
		if found, err := b.sessions.Standings(t.Context(), []string{id}); err != nil || len(found) != 0 {
			t.Errorf("standing of %q: %v, %v; want none", id, found, err)
		}
	}
}

func second[A any](_ A, err error) error      { return err }
func third[A, B any](_ A, _ B, e error) error { return e }

func TestAStatusMovesOnlyFromWhereItMay(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const pending, going, done, expired = interview.StatusPending, interview.StatusInProgress, interview.StatusCompleted, interview.StatusExpired
	early, late := now().Add(time.Minute), now().Add(time.Hour)
	for name, tc := range map[string]struct {
		before             []interview.Status // reached one after the other, at early
		from               []interview.Status
		to                 interview.Status
		is                 error
		started, completed *time.Time
	}{
		"start":                         {nil, []interview.Status{pending}, going, nil, &late, nil},
		"start twice":                   {[]interview.Status{going}, []interview.Status{pending}, going, hiring.ErrConflict, &early, nil},
		"complete":                      {[]interview.Status{going}, []interview.Status{going}, done, nil, &early, &late},
		"complete what has not begun":   {nil, []interview.Status{going}, done, hiring.ErrConflict, nil, nil},
		"expire before the start":       {nil, []interview.Status{pending, going}, expired, nil, nil, nil},
		"expire during the call":        {[]interview.Status{going}, []interview.Status{pending, going}, expired, nil, &early, &late},
		"complete after it was expired": {[]interview.Status{going, expired}, []interview.Status{going}, done, hiring.ErrConflict, &early, &early},
		"from nowhere":                  {nil, nil, going, hiring.ErrConflict, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			id := b.interview(t)
			for _, step := range tc.before {
				if _, err := b.interviews.SetStatus(t.Context(), id, []interview.Status{pending, going}, step, early); err != nil {
					t.Fatal(err)
				}
			}
			moved, err := b.interviews.SetStatus(t.Context(), id, tc.from, tc.to, late)
			if !errors.Is(err, tc.is) {
				t.Fatalf("answers %v, want %v", err, tc.is)
			}
			got, err := b.interviews.Get(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if tc.is == nil {
				if diff := cmp.Diff(got, moved); diff != "" || got.Status != tc.to || !got.UpdatedAt.Equal(late) {
					t.Errorf("moved to %s, updated at %s; stored and returned differ by %q", got.Status, got.UpdatedAt, diff)
				}
			}
			if diff := cmp.Diff(tc.started, got.StartedAt); diff != "" {
				t.Errorf("startedAt:\n%s", diff)
			}
			if diff := cmp.Diff(tc.completed, got.CompletedAt); diff != "" {
				t.Errorf("completedAt:\n%s", diff)
			}
		})
	}
}

func TestOfManyWhoStartAnInterviewOneWins(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.interview(t)
	var wg sync.WaitGroup
	results := make(chan error, 16)
	for range cap(results) {
		wg.Go(func() {
			_, err := b.interviews.SetStatus(t.Context(), id, []interview.Status{interview.StatusPending}, interview.StatusInProgress, now())
			results <- err
		})
	}
	wg.Wait()
	close(results)
	won := 0
	for err := range results {
		if err == nil {
			won++
		} else if !errors.Is(err, hiring.ErrConflict) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d started it", won)
	}
}

func TestEveryUpdateMovesUpdatedAt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.interview(t)
	if _, err := b.pool.Exec(t.Context(), `UPDATE "Interview" SET "updatedAt" = '2020-01-01' WHERE id = $1`, id); err != nil {
		t.Fatal(err)
	}
	if _, err := b.pool.Exec(t.Context(), `UPDATE "Interview" SET "jobRole" = 'Designer' WHERE id = $1`, id); err != nil {
		t.Fatal(err)
	}
	if old := scan[bool](t, b, `SELECT "updatedAt" < '2021-01-01' FROM "Interview" WHERE id = $1`, id); old {
		t.Error("an update that does not mention updatedAt leaves it as it was")
	}
}

func TestMessagesComeInTheOrderTheyWereSpoken(t *testing.T) {
	t.Parallel()
	b := setup(t)
	type line struct {
		id, at string // at: seconds
		seq    *int
	}
	for name, tc := range map[string]struct {
		lines []line
		want  []string
	}{
		"by seq, though the wall clock was set back meanwhile": {
			[]line{{"third", "01", ptr(30)}, {"second", "05", ptr(20)}, {"first", "05", ptr(10)}},
			[]string{"first", "second", "third"},
		},
		"lines without seq by their time, then by id": {
			[]line{{"c", "02", nil}, {"a", "03", nil}, {"e", "01", nil}, {"b", "02", nil}},
			[]string{"e", "b", "c", "a"},
		},
		"one without seq behind the last that is not younger": {
			[]line{{"one", "01", ptr(1)}, {"two", "03", ptr(2)}, {"three", "05", ptr(3)}, {"late", "04", nil}},
			[]string{"one", "two", "late", "three"},
		},
		"one without seq behind that of the same time": {
			[]line{{"one", "01", ptr(1)}, {"two", "03", ptr(2)}, {"late", "01", nil}},
			[]string{"one", "late", "two"},
		},
		"one without seq before all": {
			[]line{{"one", "02", ptr(1)}, {"two", "03", ptr(2)}, {"early", "01", nil}},
			[]string{"early", "one", "two"},
		},
		"one without seq behind the last of those not younger, though the clock was set back": {
			[]line{{"one", "05", ptr(1)}, {"two", "01", ptr(2)}, {"three", "06", ptr(3)}, {"late", "02", nil}},
			[]string{"one", "two", "late", "three"},
		},
		"several in one place by their time, then by id": {
			[]line{{"one", "01", ptr(1)}, {"two", "09", ptr(2)}, {"b", "03", nil}, {"z", "02", nil}, {"a", "03", nil}},
			[]string{"one", "z", "a", "b", "two"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id, other := b.interview(t), b.interview(t)
			for _, m := range tc.lines {
				insert := `INSERT INTO "InterviewMessage" (id, "interviewId", role, content, "createdAt", seq) VALUES ($1, $2, 'user', $3, ('2026-01-01T00:00:' || $4 || 'Z')::timestamptz, $5)`
				b.exec(t, insert, string(id)+m.id, id, m.id, m.at, m.seq)
				b.exec(t, insert, string(other)+m.id, other, "of another interview", m.at, m.seq)
			}
			lines, err := b.interviews.Messages(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, l := range lines {
				got = append(got, l.Content)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
