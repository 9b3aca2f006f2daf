package interview

import (
	"fmt"
	"strings"
	"time"
)

// Claim is what a process gets when it becomes the one writer of an interview.
type Claim struct {
	Fence   Fence
	LastSeq Seq     // 0 when nothing is stored yet
	Events  []Event // everything stored so far, in order
}

// OwnedElsewhereError refuses a claim: another process, which is alive, owns the
// interview.
type OwnedElsewhereError struct {
	Interview  ID
	RetryAfter time.Duration // when asking again makes sense: it would be known dead by then
}

// Error names the interview.
func (e *OwnedElsewhereError) Error() string {
	return fmt.Sprintf("interview %s is live in another process", e.Interview)
}

// StaleFenceError reports writes refused because another process has claimed
// the interviews since.
type StaleFenceError struct {
	Interviews []ID
}

// Error names the interviews.
func (e *StaleFenceError) Error() string {
	ids := make([]string, len(e.Interviews))
	for i, id := range e.Interviews {
		ids[i] = string(id)
	}
	return fmt.Sprintf("stale fence for interview %s", strings.Join(ids, ", "))
}
