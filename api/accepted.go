package api

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
)

// acceptedWait bounds each wait for the database on the way of a candidate whom we
// would let in without it: a stopped database does not answer at all, and the
// candidate sits in silence.
const acceptedWait = time.Second

// accepted remembers the links whose candidates were let into an interview that is
// live here, with their consent given: they come back into it while the database
// is away. It holds no token, only its SHA-256, so that looking one up takes no
// time that tells about it. Goroutine-safe.
//
// Its bound is the live interviews' number times their links: the watch forgets
// the others, and what was revoked.
type accepted struct {
	mu    sync.Mutex
	links map[[sha256.Size]byte]hiring.Access
}

func newAccepted() *accepted {
	return &accepted{links: map[[sha256.Size]byte]hiring.Access{}}
}

// keep remembers a candidate who was let in.
func (a *accepted) keep(access hiring.Access) {
	key := sha256.Sum256([]byte(access.Session.Token))
	a.mu.Lock()
	defer a.mu.Unlock()
	a.links[key] = access
}

// find returns what is remembered of a token whose link has not run out.
func (a *accepted) find(token string) (hiring.Access, bool) {
	key := sha256.Sum256([]byte(token))
	a.mu.Lock()
	defer a.mu.Unlock()
	access, ok := a.links[key]
	return access, ok && access.Session.ExpiresAt.After(time.Now())
}

// forget drops a token that was refused.
func (a *accepted) forget(token string) {
	key := sha256.Sum256([]byte(token))
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.links, key)
}

// forgetLink drops a link that was cut.
func (a *accepted) forgetLink(link hiring.LiveLink) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for key, access := range a.links {
		if linkOf(access) == link {
			delete(a.links, key)
		}
	}
}

// sweep forgets the links of interviews that are not live, and returns the others.
func (a *accepted) sweep(live func(interview.ID) bool) []hiring.LiveLink {
	a.mu.Lock()
	defer a.mu.Unlock()
	var links []hiring.LiveLink
	for key, access := range a.links {
		if !live(access.Interview.ID) {
			delete(a.links, key)
			continue
		}
		links = append(links, linkOf(access))
	}
	return links
}

func linkOf(access hiring.Access) hiring.LiveLink {
	return hiring.LiveLink{Interview: access.Interview.ID, SessionID: access.Session.ID}
}
