package hiring

import "slices"

// JobStatus is where a job stands (contract section 3.2).
type JobStatus string

// The states of a job.
const (
	JobDraft  JobStatus = "DRAFT"
	JobActive JobStatus = "ACTIVE"
	JobClosed JobStatus = "CLOSED"
)

// Approval is what an administrator decided about a job.
type Approval string

// The states of an approval.
const (
	ApprovalPending  Approval = "PENDING"
	ApprovalApproved Approval = "APPROVED"
	ApprovalRejected Approval = "REJECTED"
)

// jobNext is the table of contract section 3.2.
var jobNext = map[JobStatus][]JobStatus{
	JobDraft:  {JobActive, JobClosed},
	JobActive: {JobClosed},
	JobClosed: {JobDraft, JobActive},
}

// NextJobStatus checks a change of a job's state: the same state again is allowed,
// and only an approved job becomes active.
func NextJobStatus(from, to JobStatus, approval Approval) error {
	switch {
	case from == to:
		return nil
	case to == JobActive && slices.Contains(jobNext[from], to) && approval != ApprovalApproved:
		return Refuse(KindInvalid, "Job must be approved before publishing")
	case !slices.Contains(jobNext[from], to):
		return transitionRefused(from, to, jobNext[from])
	}
	return nil
}

// transitionRefused is the answer to a change that the state does not allow.
func transitionRefused[S ~string](from, to S, allowed []S) error {
	e := Refuse(KindInvalid, "Invalid status transition from '"+string(from)+"' to '"+string(to)+"'")
	e.ValidTransitions = make([]string, len(allowed))
	for i, s := range allowed {
		e.ValidTransitions[i] = string(s)
	}
	return e
}
