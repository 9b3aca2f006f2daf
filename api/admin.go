package api

import (
	"context"
	"net/http"
	"strconv"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
)

func (s *Server) adminRoutes() []declared {
	return []declared{
		route(http.MethodGet, "/admin/stats", accessAdmin, http.StatusOK, "Count what there is", s.adminStats),
		route(http.MethodGet, "/admin/users", accessAdmin, http.StatusOK, "List the accounts", s.adminUsers),
		route(http.MethodGet, "/admin/users/:id", accessAdmin, http.StatusOK, "Read an account", s.adminUser),
		route(http.MethodPatch, "/admin/users/:id/role", accessAdmin, http.StatusOK, "Change an account's role", s.adminSetRole),
		route(http.MethodDelete, "/admin/users/:id", accessAdmin, http.StatusOK, "Delete an account with everything of its own", s.deleteUser),
		route(http.MethodGet, "/admin/interviews", accessAdmin, http.StatusOK, "List everybody's interviews", s.adminInterviews),
		route(http.MethodGet, "/admin/settings", accessAdmin, http.StatusOK, "Read the settings", s.getSettings),
		route(http.MethodPatch, "/admin/settings", accessAdmin, http.StatusOK, "Change the settings", s.patchSettings),
		route(http.MethodGet, "/admin/analytics", accessAdmin, http.StatusOK, "Count the last days", s.analytics),
		route(http.MethodGet, "/admin/overview", accessAdmin, http.StatusOK, "See what has happened lately", s.overview),
	}
}

type adminStats struct {
	TotalRecruiters     int `json:"totalRecruiters"`
	TotalCandidates     int `json:"totalCandidates"`
	TotalJobs           int `json:"totalJobs"`
	PendingJobs         int `json:"pendingJobs"`
	TotalInterviews     int `json:"totalInterviews"`
	CompletedInterviews int `json:"completedInterviews"`
}

func (s *Server) adminStats(ctx context.Context, _ request[struct{}]) (adminStats, error) {
	c, err := s.services.Admin.Counts(ctx)
	return adminStats{c.Recruiters, c.Candidates, c.Jobs, c.PendingJobs, c.Interviews, c.CompletedInterviews}, err
}

// companyPlan is what the list of accounts shows of a recruiter's profile.
type companyPlan struct {
	CompanyName        *string             `json:"companyName"`
	SubscriptionStatus hiring.Subscription `json:"subscriptionStatus" enum:"FREE,PAID,ENTERPRISE"`
}

type adminUserRow struct {
	userRow

	LastLoginAt      *instant     `json:"lastLoginAt"`
	RecruiterProfile *companyPlan `json:"recruiterProfile"`
}

func adminUserRowOf(u hiring.ListedUser) adminUserRow {
	row := adminUserRow{userRow: userRowOf(u), LastLoginAt: instantOf(u.LastLoginAt)}
	if u.HasProfile {
		row.RecruiterProfile = &companyPlan{u.CompanyName, u.Subscription}
	}
	return row
}

type adminUsersIn struct {
	paging

	Role   hiring.UserRole `query:"role" enum:"RECRUITER,CANDIDATE,ADMIN"`
	Search string          `query:"search" maxLength:"200"`
}

func (s *Server) adminUsers(ctx context.Context, r request[adminUsersIn]) (pageBody[adminUserRow], error) {
	q := r.In.query()
	page, err := s.services.Admin.Users(ctx, hiring.UserFilter{Role: r.In.Role, Search: r.In.Search}, q)
	return pageOf(q, page, adminUserRowOf), err
}

func (s *Server) adminUser(ctx context.Context, r request[idIn]) (userDetail, error) {
	return s.getUser(ctx, r)
}

// adminSetRole answers with what adminUser shows (contract section 2.11).
func (s *Server) adminSetRole(ctx context.Context, r request[roleIn]) (userDetail, error) {
	if _, err := s.services.Admin.SetRole(ctx, r.Actor, r.In.ID, r.In.Role); err != nil {
		return userDetail{}, err
	}
	return s.getUser(ctx, request[idIn]{In: idIn{r.In.ID}})
}

func (s *Server) deleteUser(ctx context.Context, r request[idIn]) (okBody, error) {
	return okBody{true}, s.services.Admin.DeleteUser(ctx, r.Actor, r.In.ID)
}

type adminInterviewsIn struct {
	paging

	Status interview.Status `query:"status" enum:"PENDING,IN_PROGRESS,COMPLETED,EXPIRED"`
}

type messageCount struct {
	Messages int `json:"messages"`
}

type adminInterviewRow struct {
	interviewRow

	Job       *jobTitle    `json:"job"`
	Recruiter recruiterRef `json:"recruiter"`
	Count     messageCount `json:"_count"`
}

func (s *Server) adminInterviews(ctx context.Context, r request[adminInterviewsIn]) (pageBody[adminInterviewRow], error) {
	q := r.In.query()
	page, err := s.services.Admin.Interviews(ctx, string(r.In.Status), q)
	return pageOf(q, page, func(i hiring.ListedInterview) adminInterviewRow {
		row := adminInterviewRow{interviewRow: rowOf(i.Interview), Recruiter: recruiterRef{i.RecruiterID, i.RecruiterEmail, i.RecruiterName}, Count: messageCount{i.Messages}}
		if i.Job != nil {
			row.Job = &jobTitle{i.Job.ID, i.Job.Title}
		}
		return row
	}), err
}

type settingsBody struct {
	ID                          string  `json:"id"`
	SecretSignupCode            *string `json:"secretSignupCode"`
	MaxInterviewsPerRecruiter   int     `json:"maxInterviewsPerRecruiter"`
	DefaultInterviewDuration    int     `json:"defaultInterviewDuration"`
	EnableEmailNotifications    bool    `json:"enableEmailNotifications"`
	EnableWhatsAppNotifications bool    `json:"enableWhatsAppNotifications"`
	MaintenanceMode             bool    `json:"maintenanceMode"`
}

func settingsOf(s hiring.Settings) settingsBody {
	return settingsBody{s.ID, s.SecretSignupCode, s.MaxInterviewsPerRecruiter, s.DefaultInterviewDuration, s.EnableEmailNotifications, s.EnableWhatsAppNotification, s.MaintenanceMode}
}

func (s *Server) getSettings(ctx context.Context, _ request[struct{}]) (settingsBody, error) {
	v, err := s.services.Admin.Settings(ctx)
	return settingsOf(v), err
}

type patchSettingsIn struct {
	SecretSignupCode            Nullable[string] `json:"secretSignupCode" maxLength:"200"`
	MaxInterviewsPerRecruiter   *int             `json:"maxInterviewsPerRecruiter" minimum:"1" maximum:"1000000"`
	DefaultInterviewDuration    *int             `json:"defaultInterviewDuration" minimum:"5" maximum:"120"`
	EnableEmailNotifications    *bool            `json:"enableEmailNotifications"`
	EnableWhatsAppNotifications *bool            `json:"enableWhatsAppNotifications"`
	MaintenanceMode             *bool            `json:"maintenanceMode"`
}

func (s *Server) patchSettings(ctx context.Context, r request[patchSettingsIn]) (settingsBody, error) {
	in := &r.In
	v, err := s.services.Admin.SaveSettings(ctx, r.Actor, hiring.SettingsChange{
		SecretSignupCode: in.SecretSignupCode.given(), MaxInterviewsPerRecruiter: in.MaxInterviewsPerRecruiter, DefaultInterviewDuration: in.DefaultInterviewDuration,
		EnableEmailNotifications: in.EnableEmailNotifications, EnableWhatsAppNotification: in.EnableWhatsAppNotifications, MaintenanceMode: in.MaintenanceMode,
	})
	return settingsOf(v), err
}

type analyticsIn struct {
	Days string `query:"days"`
}

type dayRow struct {
	Date       string `json:"date"`
	Interviews int    `json:"interviews"`
	Signups    int    `json:"signups"`
	Jobs       int    `json:"jobs"`
}

type namedCount struct {
	Name  string `json:"name"`
	Value int    `json:"value"`
}

type analyticsBody struct {
	DailyStats                  []dayRow     `json:"dailyStats" nullable:"false"`
	InterviewStatusDistribution []namedCount `json:"interviewStatusDistribution" nullable:"false"`
}

const (
	defaultDays = 30
	maxDays     = 366
	// dayLabel is how the page shows a day, verbatim (contract section 2.11).
	dayLabel = "Jan 2"
)

func (s *Server) analytics(ctx context.Context, r request[analyticsIn]) (analyticsBody, error) {
	days := defaultDays
	if n, err := strconv.Atoi(r.In.Days); err == nil && n > 0 {
		days = min(n, maxDays)
	}
	stats, byStatus, err := s.services.Admin.Analytics(ctx, days)
	body := analyticsBody{DailyStats: mapped(stats, func(d hiring.DayStats) dayRow {
		return dayRow{d.Day.UTC().Format(dayLabel), d.Interviews, d.Signups, d.Jobs}
	})}
	for _, status := range []interview.Status{interview.StatusPending, interview.StatusInProgress, interview.StatusCompleted, interview.StatusExpired} {
		body.InterviewStatusDistribution = append(body.InterviewStatusDistribution, namedCount{string(status), byStatus[string(status)]})
	}
	return body, err
}

type recentJob struct {
	ID            string           `json:"id"`
	Title         string           `json:"title"`
	Status        hiring.JobStatus `json:"status" enum:"DRAFT,ACTIVE,CLOSED"`
	CreatedAt     instant          `json:"createdAt"`
	RecruiterName *string          `json:"recruiterName"`
}

type recentInterview struct {
	ID             interview.ID     `json:"id"`
	JobRole        string           `json:"jobRole"`
	CandidateName  *string          `json:"candidateName"`
	CandidateEmail string           `json:"candidateEmail"`
	Status         interview.Status `json:"status" enum:"PENDING,IN_PROGRESS,COMPLETED,EXPIRED"`
	Score          *int             `json:"score"`
	CreatedAt      instant          `json:"createdAt"`
}

type recentCandidate struct {
	ID        string  `json:"id"`
	FullName  *string `json:"fullName"`
	Email     *string `json:"email"`
	CreatedAt instant `json:"createdAt"`
}

type overviewStats struct {
	TotalJobs           int `json:"totalJobs"`
	ActiveJobs          int `json:"activeJobs"`
	TotalInterviews     int `json:"totalInterviews"`
	CompletedInterviews int `json:"completedInterviews"`
	TotalCandidates     int `json:"totalCandidates"`
	TotalRecruiters     int `json:"totalRecruiters"`
}

type overviewBody struct {
	RecentJobs       []recentJob       `json:"recentJobs" nullable:"false"`
	RecentInterviews []recentInterview `json:"recentInterviews" nullable:"false"`
	RecentCandidates []recentCandidate `json:"recentCandidates" nullable:"false"`
	Stats            overviewStats     `json:"stats"`
}

func (s *Server) overview(ctx context.Context, _ request[struct{}]) (overviewBody, error) {
	o, err := s.services.Admin.Overview(ctx)
	c := o.Counts
	return overviewBody{
		mapped(o.Jobs, func(j hiring.ListedJob) recentJob {
			return recentJob{j.ID, j.Title, j.Status, instant(j.CreatedAt), j.RecruiterName}
		}),
		mapped(o.Interviews, func(i hiring.Interview) recentInterview {
			return recentInterview{i.ID, i.JobRole, i.CandidateName, i.CandidateEmail, i.Status, i.Score, instant(i.CreatedAt)}
		}),
		mapped(o.Candidates, func(c hiring.RecentCandidate) recentCandidate {
			return recentCandidate{c.ID, c.FullName, c.Email, instant(c.CreatedAt)}
		}),
		overviewStats{c.Jobs, c.ActiveJobs, c.Interviews, c.CompletedInterviews, c.Candidates, c.Recruiters},
	}, err
}
