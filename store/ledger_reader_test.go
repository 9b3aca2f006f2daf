package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/store"
)

func TestAReaderReadsRecordsAndChangesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := startCall(t, b, b.ledger(t))
	c.commit(c.says("Hello."))
	r, err := store.OpenReader(context.Background(), b.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	got, err := r.Record(t.Context(), c.id)
	if err != nil || len(got.Events) != 1 || got.Events[0].Kind != interview.KindTurnCommitted || len(got.Lines) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := r.Record(t.Context(), "00000000-0000-4000-8000-00000000ffff"); !errors.Is(err, hiring.ErrNotFound) {
		t.Errorf("an interview that is not there: %v", err)
	}
	if _, err := r.Claim(t.Context(), c.id, "reader"); err == nil {
		t.Error("a reader has claimed an interview")
	}
}
