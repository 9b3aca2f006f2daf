package api

import (
	"context"
	"net/http"

	"github.com/vantahire/vantahire/hiring"
)

func (s *Server) userRoutes() []declared {
	return []declared{
		route(http.MethodPatch, "/users/profile", accessSession, http.StatusOK, "Change the caller's name", s.patchProfile),
		route(http.MethodGet, "/users/recruiter-profile", accessSession, http.StatusOK, "Read the caller's recruiter profile", s.getRecruiterProfile),
		route(http.MethodPatch, "/users/recruiter-profile", accessSession, http.StatusOK, "Change the caller's recruiter profile", s.patchRecruiterProfile),
		route(http.MethodGet, "/users/candidate-profile", accessSession, http.StatusOK, "Read the caller's candidate profile", s.getCandidateProfile),
		route(http.MethodPatch, "/users/candidate-profile", accessSession, http.StatusOK, "Change the caller's candidate profile", s.patchCandidateProfile),
		route(http.MethodGet, "/users", accessAdmin, http.StatusOK, "List the accounts", s.listUsers),
	}
}

// userRowRoutes have an id where others have a fixed word: they come last.
func (s *Server) userRowRoutes() []declared {
	return []declared{
		route(http.MethodGet, "/users/:id", accessAdmin, http.StatusOK, "Read an account", s.getUser),
		route(http.MethodPatch, "/users/:id/role", accessAdmin, http.StatusOK, "Change an account's role", s.setUserRole),
	}
}

type patchProfileIn struct {
	FullName *string `json:"fullName" minLength:"1" maxLength:"100"`
}

type profileBody struct {
	ID        string          `json:"id"`
	Email     string          `json:"email"`
	FullName  *string         `json:"fullName"`
	AvatarURL *string         `json:"avatarUrl"`
	Role      hiring.UserRole `json:"role" enum:"RECRUITER,CANDIDATE,ADMIN"`
}

func (s *Server) patchProfile(ctx context.Context, r request[patchProfileIn]) (profileBody, error) {
	u, err := s.services.Accounts.Rename(ctx, r.Actor, r.In.FullName)
	return profileBody{u.ID, u.Email, u.FullName, u.AvatarURL, u.Role}, err
}

type userCounts struct {
	Interviews int `json:"interviews"`
	Jobs       int `json:"jobs"`
}

type userRow struct {
	ID        string          `json:"id"`
	Email     string          `json:"email"`
	FullName  *string         `json:"fullName"`
	AvatarURL *string         `json:"avatarUrl"`
	Role      hiring.UserRole `json:"role" enum:"RECRUITER,CANDIDATE,ADMIN"`
	Provider  string          `json:"provider"`
	CreatedAt instant         `json:"createdAt"`
	Count     userCounts      `json:"_count"`
}

func userRowOf(u hiring.ListedUser) userRow {
	return userRow{u.ID, u.Email, u.FullName, u.AvatarURL, u.Role, u.Provider, instant(u.CreatedAt), userCounts{u.Interviews, u.Jobs}}
}

type listUsersIn struct {
	paging

	Search string `query:"search" maxLength:"200"`
}

func (s *Server) listUsers(ctx context.Context, r request[listUsersIn]) (pageBody[userRow], error) {
	q := r.In.query()
	page, err := s.services.Admin.Users(ctx, hiring.UserFilter{Search: r.In.Search}, q)
	return pageOf(q, page, userRowOf), err
}

// userDetail is a whole account, as administrators see it.
type userDetail struct {
	userRow

	ProviderID       string               `json:"providerId"`
	UpdatedAt        instant              `json:"updatedAt"`
	LastLoginAt      *instant             `json:"lastLoginAt"`
	RecruiterProfile *recruiterProfileRow `json:"recruiterProfile"`
	CandidateProfile *candidateProfileRow `json:"candidateProfile"`
}

func (s *Server) getUser(ctx context.Context, r request[idIn]) (userDetail, error) {
	u, recruiter, candidate, err := s.services.Admin.User(ctx, r.In.ID)
	if err != nil {
		return userDetail{}, err
	}
	return userDetail{userRowOf(u), u.ProviderID, instant(u.UpdatedAt), instantOf(u.LastLoginAt), recruiterProfileOf(recruiter), candidateProfileOf(candidate)}, nil
}

type roleIn struct {
	ID   string          `path:"id"`
	Role hiring.UserRole `json:"role" enum:"RECRUITER,CANDIDATE,ADMIN" fault:"Invalid role"`
}

type roleBody struct {
	ID    string          `json:"id"`
	Email string          `json:"email"`
	Role  hiring.UserRole `json:"role" enum:"RECRUITER,CANDIDATE,ADMIN"`
}

func (s *Server) setUserRole(ctx context.Context, r request[roleIn]) (roleBody, error) {
	u, err := s.services.Admin.SetRole(ctx, r.Actor, r.In.ID, r.In.Role)
	return roleBody{u.ID, u.Email, u.Role}, err
}
