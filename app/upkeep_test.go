package app

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/interview/record"
	"github.com/vantahire/vantahire/loadtest/candidate"
	"github.com/vantahire/vantahire/store/testdb"
)

// An interview whose candidate never comes back after its server went away does not
// stay in progress for ever: its record is closed and sealed.
func TestAnInterviewThatNobodyCameBackToEnds(t *testing.T) {
	env := map[string]string{"VANTAHIRE_LOCAL_CALLS": "0", "DATABASE_URL": testdb.New(t)}
	h := open(t, dataDir(t), env)
	invitation, err := h.api().Create(t.Context(), "Data Analyst", 15, "implied", []byte(shortPlan))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	talking := make(chan error, 1)
	go func() {
		_, err := candidate.Run(ctx, candidate.Options{API: h.api(), Invitation: invitation, Answers: []candidate.Answer{
			{Text: "I look at sales numbers."}, {Text: "I never come to say this."},
		}})
		talking <- err
	}()
	waitFor(t, func() string {
		if lines, err := h.api().Transcript(ctx, invitation.Interview); err != nil || len(lines) < 2 {
			return "the first answer is not stored"
		}
		return ""
	})
	h.close()
	if err := <-talking; err == nil {
		t.Error("the candidate did not notice that the server stopped")
	}
	next := open(t, dataDir(t), env)
	defer next.close()
	if err := next.app.concludeAbandoned(ctx, time.Hour); err != nil {
		t.Fatal(err)
	}
	if status, err := next.api().Status(ctx, invitation.Interview); err != nil || status != interview.StatusInProgress {
		t.Errorf("within its grace it is %s (%v)", status, err)
	}
	if err := next.app.concludeAbandoned(ctx, 0); err != nil {
		t.Fatal(err)
	}
	var rec record.Record
	waitFor(t, func() string {
		if rec, err = next.app.ledger.Record(ctx, invitation.Interview); err != nil || rec.Seal == nil {
			return "the record is not sealed"
		}
		return ""
	})
	if status, err := next.api().Status(ctx, invitation.Interview); err != nil || status != interview.StatusCompleted {
		t.Errorf("it is %s (%v)", status, err)
	}
	key, err := next.app.recordKey()
	if err != nil {
		t.Fatal(err)
	}
	if report := record.Verify(rec, key); len(report.Problems) > 0 {
		t.Errorf("the record is not good: %v", report.Problems)
	}
	if last := rec.Events[len(rec.Events)-1]; last.Kind != interview.KindEnded {
		t.Errorf("it ends with %s", last.Kind)
	}
}

func TestAStoredSecretIsMadeOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deeper", recordKeyFile)
	secrets := make(chan string, 8)
	for range cap(secrets) {
		go func() {
			s, err := storedSecret(path, "rec_")
			if err != nil {
				t.Error(err)
			}
			secrets <- s
		}()
	}
	first := <-secrets
	for range cap(secrets) - 1 {
		if s := <-secrets; s != first || len(s) < 32 {
			t.Errorf("%d and %d characters, equal: %t", len(first), len(s), s == first)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v (%v)", info.Mode(), err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("%d files are there", len(left))
	}
}
