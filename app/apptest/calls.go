package apptest

import (
	"maps"
	"strings"
	"sync"
)

// calls are the requests that clients have sent in this process, for the table of
// what is tested.
var calls = struct {
	mu   sync.Mutex
	made map[string]int // by "GET /path", without the query
}{made: map[string]int{}}

func noteCall(method, path string) {
	path, _, _ = strings.Cut(path, "?")
	calls.mu.Lock()
	defer calls.mu.Unlock()
	calls.made[method+" "+path]++
}

// Calls returns the requests that clients have sent in this process, and how often.
func Calls() map[string]int {
	calls.mu.Lock()
	defer calls.mu.Unlock()
	return maps.Clone(calls.made)
}
