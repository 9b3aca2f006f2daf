package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vantahire/vantahire/hiring"
)

const (
	settingsColumns = `id, "secretSignupCode", "maxInterviewsPerRecruiter", "defaultInterviewDuration", "enableEmailNotifications", "enableWhatsAppNotifications", "maintenanceMode", "limitsSavedAt" IS NOT NULL`

	selectSettings = `SELECT ` + settingsColumns + ` FROM "AdminSettings"`

	newSettings = `INSERT INTO "AdminSettings" DEFAULT VALUES ON CONFLICT DO NOTHING`

	// The limit counts from the moment an administrator has saved it.
	updateSettings = `
		UPDATE "AdminSettings" SET
			"secretSignupCode" = CASE WHEN $1 THEN $2 ELSE "secretSignupCode" END,
			"maxInterviewsPerRecruiter" = coalesce($3, "maxInterviewsPerRecruiter"), "defaultInterviewDuration" = coalesce($4, "defaultInterviewDuration"),
			"enableEmailNotifications" = coalesce($5, "enableEmailNotifications"), "enableWhatsAppNotifications" = coalesce($6, "enableWhatsAppNotifications"),
			"maintenanceMode" = coalesce($7, "maintenanceMode"),
			"limitsSavedAt" = CASE WHEN $3::int IS NULL THEN "limitsSavedAt" ELSE coalesce("limitsSavedAt", now()) END
		RETURNING ` + settingsColumns

	listedUserColumns = `u.id, u.email, u.role, u.provider, u."providerId", u."fullName", u."avatarUrl", u."createdAt", u."updatedAt", u."lastLoginAt",
		(SELECT count(*) FROM "Interview" i WHERE i."recruiterId" = u.id), (SELECT count(*) FROM "Job" j WHERE j."recruiterId" = u.id),
		p."companyName", coalesce(p."subscriptionStatus"::text, 'FREE'), p.id IS NOT NULL`

	listedUsers = `"User" u LEFT JOIN "RecruiterProfile" p ON p."userId" = u.id`

	setRole = `UPDATE "User" SET role = $2::text::"UserRole" WHERE id = $1 RETURNING id`

	insertAudit = `INSERT INTO audit_event (actor, action, subject, detail) VALUES ($1, $2, $3, $4)`

	selectCounts = `
		SELECT (SELECT count(*) FROM "User" WHERE role = 'RECRUITER'), (SELECT count(*) FROM "User" WHERE role = 'CANDIDATE'),
			(SELECT count(*) FROM "Job"), (SELECT count(*) FROM "Job" WHERE status = 'ACTIVE'), (SELECT count(*) FROM "Job" WHERE "approvalStatus" = 'PENDING'),
			(SELECT count(*) FROM "Interview"), (SELECT count(*) FROM "Interview" WHERE status = 'COMPLETED')`

	selectDays = `
		SELECT d.day::timestamptz, coalesce(i.n, 0), coalesce(u.n, 0), coalesce(j.n, 0)
		FROM generate_series(($1::timestamptz AT TIME ZONE 'UTC')::date - $2::int + 1, ($1::timestamptz AT TIME ZONE 'UTC')::date, interval '1 day') AS d (day)
		LEFT JOIN (SELECT ("createdAt" AT TIME ZONE 'UTC')::date AS day, count(*) AS n FROM "Interview" WHERE "createdAt" >= $1::timestamptz - make_interval(days => $2) GROUP BY 1) i ON i.day = d.day
		LEFT JOIN (SELECT ("createdAt" AT TIME ZONE 'UTC')::date AS day, count(*) AS n FROM "User" WHERE "createdAt" >= $1::timestamptz - make_interval(days => $2) GROUP BY 1) u ON u.day = d.day
		LEFT JOIN (SELECT ("createdAt" AT TIME ZONE 'UTC')::date AS day, count(*) AS n FROM "Job" WHERE "createdAt" >= $1::timestamptz - make_interval(days => $2) GROUP BY 1) j ON j.day = d.day
		ORDER BY d.day`

	adminInterviewColumns = listedColumns + `, u.email, u."fullName"`

	listedInterviews = `"Interview" i JOIN "User" u ON u.id = i."recruiterId" LEFT JOIN "Job" j ON j.id = i."jobId"`
)

// Admin implements hiring.AdminStore.
type Admin struct{ pool *pgxpool.Pool }

var _ hiring.AdminStore = (*Admin)(nil)

// NewAdmin works through the pool.
func NewAdmin(pool *pgxpool.Pool) *Admin { return &Admin{pool} }

func scanSettings(row pgx.CollectableRow) (hiring.Settings, error) {
	var s hiring.Settings
	return s, row.Scan(&s.ID, &s.SecretSignupCode, &s.MaxInterviewsPerRecruiter, &s.DefaultInterviewDuration, &s.EnableEmailNotifications, &s.EnableWhatsAppNotification, &s.MaintenanceMode, &s.LimitsSaved)
}

// Settings implements hiring.AdminStore.
func (s *Admin) Settings(ctx context.Context) (hiring.Settings, error) {
	row, err := one(ctx, s.pool, scanSettings, selectSettings)
	if isMissing(err) {
		if _, err = s.pool.Exec(ctx, newSettings); err == nil {
			row, err = one(ctx, s.pool, scanSettings, selectSettings)
		}
	}
	return row, wrap("get", "settings", err)
}

// SaveSettings implements hiring.AdminStore.
func (s *Admin) SaveSettings(ctx context.Context, c hiring.SettingsChange) (hiring.Settings, error) {
	if _, err := s.Settings(ctx); err != nil {
		return hiring.Settings{}, err
	}
	var code *string
	if c.SecretSignupCode != nil {
		code = *c.SecretSignupCode
	}
	if err := checkTexts(field{"secretSignupCode", orEmpty(code)}); err != nil {
		return hiring.Settings{}, wrap("save", "settings", err)
	}
	row, err := one(ctx, s.pool, scanSettings, updateSettings, c.SecretSignupCode != nil, code, c.MaxInterviewsPerRecruiter, c.DefaultInterviewDuration,
		c.EnableEmailNotifications, c.EnableWhatsAppNotification, c.MaintenanceMode)
	return row, wrap("save", "settings", err)
}

func scanListedUser(row pgx.CollectableRow) (hiring.ListedUser, error) {
	var u hiring.ListedUser
	return u, row.Scan(&u.ID, &u.Email, &u.Role, &u.Provider, &u.ProviderID, &u.FullName, &u.AvatarURL, &u.CreatedAt, &u.UpdatedAt, &u.LastLoginAt,
		&u.Interviews, &u.Jobs, &u.CompanyName, &u.Subscription, &u.HasProfile)
}

// Users implements hiring.AdminStore.
func (s *Admin) Users(ctx context.Context, f hiring.UserFilter, q hiring.PageQuery) (hiring.Page[hiring.ListedUser], error) {
	if err := checkTexts(field{"search", f.Search}); err != nil {
		return hiring.Page[hiring.ListedUser]{}, wrap("list", "users", err)
	}
	l := listing{
		columns: listedUserColumns, from: listedUsers, at: `u."createdAt"`, id: "u.id", updated: `u."updatedAt"`,
		where: `($1 = '' OR u.role::text = $1) AND ($2 = '%%' OR u.email ILIKE $2 OR u."fullName" ILIKE $2)`, args: []any{f.Role, likePattern(f.Search)},
	}
	page, err := listPage(ctx, s.pool, l, q, scanListedUser, func(u hiring.ListedUser) (time.Time, string) { return u.CreatedAt, u.ID })
	return page, wrap("list", "users", err)
}

// User implements hiring.AdminStore.
func (s *Admin) User(ctx context.Context, id string) (hiring.ListedUser, error) {
	if !known(id) {
		return hiring.ListedUser{}, wrap("get user", "", pgx.ErrNoRows)
	}
	row, err := one(ctx, s.pool, scanListedUser, "SELECT "+listedUserColumns+" FROM "+listedUsers+" WHERE u.id = $1", id)
	return row, wrap("get user", id, err)
}

// SetRole implements hiring.AdminStore.
func (s *Admin) SetRole(ctx context.Context, actorID, id string, role hiring.UserRole) error {
	if !known(id) {
		return wrap("set role of user", "", pgx.ErrNoRows)
	}
	return wrap("set role of user", id, pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := one(ctx, tx, pgx.RowTo[string], setRole, id, role); err != nil {
			return err
		}
		profile := ensureRecruiterProfile
		if role == hiring.RoleCandidate {
			profile = newCandidateProfile
		}
		if _, err := tx.Exec(ctx, profile, id); err != nil {
			return err
		}
		return audit(ctx, tx, actorID, "user.role", id, map[string]string{"role": string(role)})
	}))
}

// audit notes a change in the transaction that makes it.
func audit(ctx context.Context, tx pgx.Tx, actor, action, subject string, detail any) error {
	document, err := json.Marshal(detail)
	if err == nil {
		_, err = tx.Exec(ctx, insertAudit, actor, action, subject, string(document))
	}
	return err
}

func scanListedInterview(row pgx.CollectableRow) (hiring.ListedInterview, error) {
	var (
		l          hiring.ListedInterview
		job, title *string
	)
	err := row.Scan(append(interviewTargets(&l.Interview), &job, &title, &l.Messages, &l.RecruiterEmail, &l.RecruiterName)...)
	if job != nil && title != nil {
		l.Job = &hiring.JobTitle{ID: *job, Title: *title}
	}
	return l, err
}

// Interviews implements hiring.AdminStore.
func (s *Admin) Interviews(ctx context.Context, status string, q hiring.PageQuery) (hiring.Page[hiring.ListedInterview], error) {
	l := listing{
		columns: adminInterviewColumns, from: listedInterviews, at: `i."createdAt"`, id: "i.id", updated: `i."updatedAt"`,
		where: `$1 = '' OR i.status::text = $1`, args: []any{status},
	}
	page, err := listPage(ctx, s.pool, l, q, scanListedInterview, func(i hiring.ListedInterview) (time.Time, string) { return i.CreatedAt, string(i.ID) })
	return page, wrap("list", "interviews", err)
}

// Counts implements hiring.AdminStore.
func (s *Admin) Counts(ctx context.Context) (c hiring.Counts, err error) {
	err = s.pool.QueryRow(ctx, selectCounts).Scan(&c.Recruiters, &c.Candidates, &c.Jobs, &c.ActiveJobs, &c.PendingJobs, &c.Interviews, &c.CompletedInterviews)
	return c, wrap("count", "everything", err)
}

// Days implements hiring.AdminStore.
func (s *Admin) Days(ctx context.Context, days int, today time.Time) ([]hiring.DayStats, error) {
	rows, err := s.pool.Query(ctx, selectDays, today, days)
	if err != nil {
		return nil, wrap("count", "days", err)
	}
	stats, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (hiring.DayStats, error) {
		var d hiring.DayStats
		return d, row.Scan(&d.Day, &d.Interviews, &d.Signups, &d.Jobs)
	})
	return stats, wrap("count", "days", err)
}

// ByStatus implements hiring.AdminStore.
func (s *Admin) ByStatus(ctx context.Context) (map[string]int, error) {
	rows, err := s.pool.Query(ctx, `SELECT status::text, count(*) FROM "Interview" GROUP BY status`)
	if err != nil {
		return nil, wrap("count", "interviews", err)
	}
	counts := map[string]int{}
	var status string
	var n int
	_, err = pgx.ForEachRow(rows, []any{&status, &n}, func() error {
		counts[status] = n
		return nil
	})
	return counts, wrap("count", "interviews", err)
}

// Recent implements hiring.AdminStore.
func (s *Admin) Recent(ctx context.Context, limit int) (o hiring.Overview, err error) {
	jobs, err := listPage(ctx, s.pool, listing{columns: listedJobColumns, from: listedJobs, at: `j."createdAt"`, id: "j.id"}, hiring.PageQuery{Page: 1, Limit: limit}, scanListedJob,
		func(j hiring.ListedJob) (time.Time, string) { return j.CreatedAt, j.ID })
	if err != nil {
		return o, wrap("list", "recent jobs", err)
	}
	interviews, err := s.Interviews(ctx, "", hiring.PageQuery{Page: 1, Limit: limit})
	if err != nil {
		return o, err
	}
	candidates, err := s.Users(ctx, hiring.UserFilter{Role: hiring.RoleCandidate}, hiring.PageQuery{Page: 1, Limit: limit})
	if err != nil {
		return o, err
	}
	o.Jobs = jobs.Rows
	for _, i := range interviews.Rows {
		o.Interviews = append(o.Interviews, i.Interview)
	}
	for _, u := range candidates.Rows {
		o.Candidates = append(o.Candidates, hiring.RecentCandidate{ID: u.ID, FullName: u.FullName, Email: &u.Email, CreatedAt: u.CreatedAt})
	}
	return o, nil
}
