package api

// audience says who may call a route at all. Whose row it is, the services decide.
type audience int

const (
	audienceUnset audience = iota
	// audiencePublic looks at nobody's credentials.
	audiencePublic
	// audienceAnybody knows who calls, if that can be known.
	audienceAnybody
	audienceSession
	audienceRecruiter // RECRUITER or ADMIN
	audienceCandidate
	audienceAdmin
	audienceLink // the holder of an interview link
)

// access is the rule a route declares. The zero value opens nothing and does not
// start.
type access struct {
	who audience
	// keys is the scope that opens the route to API keys; "" keeps them out.
	keys string
	// developer lets the development key in, as the seeded recruiter.
	developer bool
	// maintained keeps the route open while the product is maintained, though its
	// method changes things.
	maintained bool
}

// The rules.
var (
	accessPublic    = access{who: audiencePublic}
	accessAnybody   = access{who: audienceAnybody}
	accessSession   = access{who: audienceSession}
	accessRecruiter = access{who: audienceRecruiter}
	accessCandidate = access{who: audienceCandidate}
	accessAdmin     = access{who: audienceAdmin}
	accessLink      = access{who: audienceLink}
)

// scope opens the route to API keys that have the scope, too.
func (a access) scope(name string) access {
	a.keys = name
	return a
}

// orDeveloper opens the route to the development key, too.
func (a access) orDeveloper() access {
	a.developer = true
	return a
}

// always keeps the route open in maintenance.
func (a access) always() access {
	a.maintained = true
	return a
}

// String names the rule for the route table.
func (a access) String() string {
	name := map[audience]string{
		audiencePublic: "public", audienceAnybody: "anybody", audienceSession: "session", audienceRecruiter: "recruiter",
		audienceCandidate: "candidate", audienceAdmin: "admin", audienceLink: "link",
	}[a.who]
	if a.keys != "" {
		name += ", key with " + a.keys
	}
	return name
}
