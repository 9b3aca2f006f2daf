package interview

// EndReason says why an interview is over. Reasons are stored.
type EndReason string

// Why interviews end.
const (
	EndFinished      EndReason = "finished"       // the plan is done and the goodbye was said
	EndCandidate     EndReason = "candidate"      // the candidate ended it
	EndTimeLimit     EndReason = "time_limit"     // the time was used up; the closing words were said
	EndIdle          EndReason = "idle"           // nobody said anything, nudges went unanswered
	EndGone          EndReason = "gone"           // the candidate did not come back within the grace time
	EndHardCap       EndReason = "hard_cap"       // the absolute limit, pauses included
	EndElsewhere     EndReason = "elsewhere"      // completed, expired or deleted through another door
	EndRevoked       EndReason = "revoked"        // the link was revoked or ran out
	EndProviders     EndReason = "providers"      // no provider left to go on with
	EndBudget        EndReason = "budget"         // what the interview may cost was used up; the closing words were said
	EndFailed        EndReason = "failed"         // a defect: the interview's state can't be trusted
	EndShutdown      EndReason = "shutdown"       // the server stops; the interview can be resumed
	EndOperator      EndReason = "operator"       // the recruiter ended it
	EndParked        EndReason = "parked"         // nobody waits for a reply; the candidate's next message takes it up
	EndNeverStarted  EndReason = "never_started"  // left before the first word; it stays PENDING
	EndLedgerRefused EndReason = "ledger_refused" // another process owns the interview now
)

// EndReasons lists them all.
func EndReasons() []EndReason {
	return []EndReason{
		EndFinished, EndCandidate, EndTimeLimit, EndIdle, EndGone, EndHardCap, EndElsewhere, EndRevoked, EndProviders,
		EndBudget, EndFailed, EndShutdown, EndOperator, EndParked, EndNeverStarted, EndLedgerRefused,
	}
}

// Final reports whether the interview is over for good, so that its status
// becomes COMPLETED. The others leave it to be resumed or to expire.
func (r EndReason) Final() bool {
	switch r {
	case EndFinished, EndCandidate, EndTimeLimit, EndIdle, EndGone, EndHardCap, EndOperator, EndProviders, EndBudget:
		return true
	case EndElsewhere, EndRevoked, EndFailed, EndShutdown, EndParked, EndNeverStarted, EndLedgerRefused:
		return false
	}
	return false
}
