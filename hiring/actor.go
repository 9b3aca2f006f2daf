package hiring

// Actor is who asks: the user of a login session or an API key, or the holder of an
// interview link. Exactly one of UserID and Link is set, beside the zero Actor of
// somebody nobody knows.
type Actor struct {
	UserID, Email string
	Role          UserRole
	// KeyID is set when an API key acts for the user, and Scopes are what it may.
	KeyID  string
	Scopes []string
	// LoginID is the user's session; empty for a key.
	LoginID string
	// Link is the accepted interview link of a candidate.
	Link *Access
}

// IsUser reports whether an account asks, not a link and not nobody.
func (a Actor) IsUser() bool { return a.UserID != "" }

// IsAdmin reports whether an administrator asks.
func (a Actor) IsAdmin() bool { return a.Role == RoleAdmin }

// Recruits reports whether the actor may run interviews and jobs (contract section
// 11, D38).
func (a Actor) Recruits() bool { return a.Role == RoleRecruiter || a.Role == RoleAdmin }

// MayManage reports whether the actor may see and change what ownerID owns.
func (a Actor) MayManage(ownerID string) bool {
	return a.IsAdmin() || a.IsUser() && a.UserID == ownerID
}
