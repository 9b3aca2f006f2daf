package local

import (
	"fmt"
	"strings"

	"github.com/vantahire/vantahire/providers"
)

// howToInstall is the way out when something is missing.
const howToInstall = "run scripts/install-speech.sh, or as root: apt-get install -y --no-install-recommends flite pocketsphinx pocketsphinx-en-us"

// Status says what local speech can do on this machine.
type Status struct {
	Speak   Capability // text to speech
	Hear    Capability // speech to text
	Workers int        // processes that run now
}

// Capability is one half of local speech.
type Capability struct {
	Available bool
	// How it is done: "library <folder>" or "command <path>"; "" when it is not.
	How     string
	Missing string // what is not there; "" when nothing is
	Fix     string // the command that brings it; "" when nothing is missing
}

// Status looks at the machine as it was when the pool was made, corrected by what
// running workers found out when they loaded the libraries. It does not block.
func (s *Speech) Status() Status {
	st := Status{Speak: s.places.speakCapability(), Hear: s.places.hearCapability()}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sl := range s.slots {
		if sl.conn == nil {
			continue
		}
		st.Workers++
		if h := sl.conn.hello.Speak; h.How == "" {
			st.Speak = absent(h.Missing)
		} else if h.How == "command" {
			st.Speak = Capability{Available: true, How: "command " + s.places.flite, Missing: h.Missing, Fix: howToInstall}
		}
		if h := sl.conn.hello.Hear; h.How == "" {
			st.Hear = absent(h.Missing)
		}
	}
	return st
}

func absent(missing string) Capability { return Capability{Missing: missing, Fix: howToInstall} }

func (p places) speakCapability() Capability {
	switch {
	case p.fliteAt != "":
		return Capability{Available: true, How: "library " + p.fliteAt}
	case p.flite != "":
		return Capability{Available: true, How: "command " + p.flite, Missing: "flite's library, which knows word times", Fix: howToInstall}
	default:
		return absent("flite: " + fliteLibraries[0])
	}
}

func (p places) hearCapability() Capability {
	if p.canHear() {
		return Capability{Available: true, How: "library " + p.earsAt + ", model " + p.model}
	}
	return absent("pocketsphinx: " + strings.Join(p.lacks, ", "))
}

// unavailable says what is missing and what brings it.
func (c Capability) unavailable(stage providers.Stage) error {
	return &providers.Error{
		Stage: stage, Provider: Name,
		Err: fmt.Errorf("%w: missing %s; %s", providers.ErrUnavailable, c.Missing, c.Fix),
	}
}
