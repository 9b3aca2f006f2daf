package hiring

import (
	"errors"
	"slices"
	"testing"
)

// statuses and what each may become, written out once more as contract section 3
// has it.
func TestJobsMoveOnlyAsTheTableSays(t *testing.T) {
	t.Parallel()
	all := []JobStatus{JobDraft, JobActive, JobClosed}
	allowed := map[JobStatus][]JobStatus{JobDraft: {JobActive, JobClosed}, JobActive: {JobClosed}, JobClosed: {JobDraft, JobActive}}
	for _, approval := range []Approval{ApprovalPending, ApprovalApproved, ApprovalRejected} {
		for _, from := range all {
			for _, to := range all {
				err := NextJobStatus(from, to, approval)
				var refused *RefusedError
				switch {
				case from == to, slices.Contains(allowed[from], to) && (to != JobActive || approval == ApprovalApproved):
					if err != nil {
						t.Errorf("%s to %s, %s: %v", from, to, approval, err)
					}
				case !errors.As(err, &refused) || refused.Kind != KindInvalid:
					t.Errorf("%s to %s, %s: %v", from, to, approval, err)
				case slices.Contains(allowed[from], to):
					if refused.Text != "Job must be approved before publishing" {
						t.Errorf("%s to %s, %s: %q", from, to, approval, refused.Text)
					}
				case len(refused.ValidTransitions) != len(allowed[from]):
					t.Errorf("%s to %s: the valid ones are %v", from, to, refused.ValidTransitions)
				}
			}
		}
	}
}

func TestApplicationsMoveOnlyAsTheTableSays(t *testing.T) {
	t.Parallel()
	all := []ApplicationStatus{ApplicationPending, ApplicationReviewed, ApplicationShortlisted, ApplicationRejected, ApplicationHired}
	allowed := map[ApplicationStatus][]ApplicationStatus{
		ApplicationPending:     {ApplicationReviewed, ApplicationRejected},
		ApplicationReviewed:    {ApplicationShortlisted, ApplicationRejected},
		ApplicationShortlisted: {ApplicationHired, ApplicationRejected},
	}
	for _, from := range all {
		for _, to := range all {
			err := NextApplicationStatus(from, to)
			if ok := from == to || slices.Contains(allowed[from], to); ok != (err == nil) {
				t.Errorf("%s to %s: %v", from, to, err)
			}
			var refused *RefusedError
			if err == nil {
				continue
			}
			if !errors.As(err, &refused) || refused.ValidTransitions == nil || refused.Text != "Invalid status transition from '"+string(from)+"' to '"+string(to)+"'" {
				t.Errorf("%s to %s: %v", from, to, err)
			}
		}
		if edit := CandidateMayEdit(from); edit != (from == ApplicationPending) {
			t.Errorf("edit while %s: %t", from, edit)
		}
		if withdraw := CandidateMayWithdraw(from); withdraw != (from == ApplicationPending || from == ApplicationReviewed) {
			t.Errorf("withdraw while %s: %t", from, withdraw)
		}
	}
}
