package hiring

import (
	"context"
	"encoding/json"
	"time"

	"github.com/vantahire/vantahire/interview"
)

func planOf(row Interview) Plan {
	return Plan{Version: row.PlanVersion, Document: row.Plan, UpdatedAt: row.PlanUpdatedAt}
}

// planSeen is the version a change of a plan may demand: before there was one, the
// epoch.
func planSeen(row Interview) time.Time {
	if row.PlanUpdatedAt == nil {
		return time.UnixMilli(0)
	}
	return *row.PlanUpdatedAt
}

// Plan returns the question plan of an interview the actor may see.
func (s *Service) Plan(ctx context.Context, actor Actor, id interview.ID) (Plan, error) {
	row, err := s.Owned(ctx, actor, id)
	return planOf(row), err
}

// SetPlan gives an interview that has not begun another plan (contract section
// 3.1.1). seen, when it is not nil, is the version the actor last saw. *InvalidError
// tells what is wrong with the document.
func (s *Service) SetPlan(ctx context.Context, actor Actor, id interview.ID, document json.RawMessage, seen *time.Time) (Plan, error) {
	if err := s.options.CheckPlan(document); err != nil {
		return Plan{}, &InvalidError{Fields: map[string][]string{"plan": {err.Error()}}}
	}
	row, err := s.edit(ctx, actor, id, func(row *Interview) error {
		if err := fresh(planSeen(*row), seen); err != nil {
			return err
		}
		return row.replan(document, s.now())
	})
	return planOf(row), err
}

// replan gives an interview that has not begun its next plan.
func (i *Interview) replan(document json.RawMessage, at time.Time) error {
	if i.Status != interview.StatusPending {
		return errFrozen
	}
	if last := planSeen(*i); !at.After(last) { // of two changes in one moment the second is a later version
		at = last.Add(time.Millisecond)
	}
	i.Plan, i.PlanVersion, i.PlanUpdatedAt = document, i.PlanVersion+1, &at
	return nil
}
