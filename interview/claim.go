package interview

import (
	"fmt"
	"strings"
)

// Claim is what a process gets when it becomes the one writer of an interview.
type Claim struct {
	Fence   Fence
	LastSeq Seq     // 0 when nothing is stored yet
	Events  []Event // everything stored so far, in order
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
