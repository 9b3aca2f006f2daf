package hiring

import "slices"

// ApplicationStatus is where an application stands (contract section 3.3).
type ApplicationStatus string

// The states of an application.
const (
	ApplicationPending     ApplicationStatus = "PENDING"
	ApplicationReviewed    ApplicationStatus = "REVIEWED"
	ApplicationShortlisted ApplicationStatus = "SHORTLISTED"
	ApplicationRejected    ApplicationStatus = "REJECTED"
	ApplicationHired       ApplicationStatus = "HIRED"
)

var applicationNext = map[ApplicationStatus][]ApplicationStatus{
	ApplicationPending:     {ApplicationReviewed, ApplicationRejected},
	ApplicationReviewed:    {ApplicationShortlisted, ApplicationRejected},
	ApplicationShortlisted: {ApplicationHired, ApplicationRejected},
	ApplicationRejected:    {},
	ApplicationHired:       {},
}

// NextApplicationStatus checks a change of an application's state. The same state
// again is allowed: the frontend sends it after mails went out (contract section
// 3.3).
func NextApplicationStatus(from, to ApplicationStatus) error {
	if from == to || slices.Contains(applicationNext[from], to) {
		return nil
	}
	return transitionRefused(from, to, applicationNext[from])
}

// CandidateMayEdit reports whether the candidate may still change an application.
func CandidateMayEdit(status ApplicationStatus) bool { return status == ApplicationPending }

// CandidateMayWithdraw reports whether the candidate may still take it back.
func CandidateMayWithdraw(status ApplicationStatus) bool {
	return status == ApplicationPending || status == ApplicationReviewed
}
