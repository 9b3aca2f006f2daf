package contract

import (
	"strings"
	"testing"

	"github.com/vantahire/vantahire/app/apptest"
	"github.com/vantahire/vantahire/hiring"
)

func TestTheTestLoginIsADoorForTestsOnly(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	n := h.Nobody()
	login := func(body string, headers ...string) apptest.Answer {
		return n.Do("POST", "/auth/test-login", body, headers...)
	}
	login(`{`).Refused(401, "Unauthorized")
	login(`{"email":"a@example.com","role":"ADMIN"}`, "X-Test-Token", "wrong").Refused(401, "Unauthorized")
	login(`{"email":"a","role":"KING"}`, "X-Test-Token", apptest.TestToken).Refused(400, "Invalid input")
	a := login(`{"email":"a@example.com","role":"CANDIDATE","fullName":"Ann"}`, "Authorization", "Bearer "+apptest.TestToken).Want(200)
	if a.Str("role") != "CANDIDATE" || a.Str("fullName") != "Ann" {
		t.Errorf("login: %s", a.Body)
	}
	cookie := a.Header.Get("Set-Cookie")
	for _, part := range []string{"HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=604800"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("the cookie %q has no %s", cookie, part)
		}
	}
	if strings.Contains(cookie, "Secure") {
		t.Errorf("the cookie %q is for https only", cookie)
	}
	b := login(`{"email":"a@example.com","role":"RECRUITER"}`, "X-Test-Token", apptest.TestToken).Want(200)
	if b.Str("id") != a.Str("id") || b.Str("role") != "RECRUITER" || b.Str("fullName") != "Ann" {
		t.Errorf("again: %s", b.Body)
	}
	closed := apptest.Open(t, "E2E_AUTH_TOKEN", "")
	closed.Nobody().Do("POST", "/auth/test-login", `{}`, "X-Test-Token", apptest.TestToken).Refused(404, "Not found")
}

func TestMeIsTheAccountAsItIsNow(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, admin := h.Recruiter(), h.Admin()
	me := r.Get("/auth/me").Want(200)
	if me.Str("id") != r.UserID || me.Str("recruiterProfile.subscriptionStatus") != "FREE" || me.At("candidateProfile") != nil || me.At("avatarUrl") != nil {
		t.Errorf("me: %s", me.Body)
	}
	h.Nobody().Get("/auth/me").Refused(401, "Authentication required")
	r.Patch("/users/profile", `{"fullName":""}`).Refused(400, "Invalid input")
	if a := r.Patch("/users/profile", `{"fullName":"Rita"}`).Want(200); a.Str("fullName") != "Rita" {
		t.Errorf("renamed: %s", a.Body)
	}
	admin.Patch("/users/"+r.UserID+"/role", `{"role":"KING"}`).Refused(400, "Invalid role")
	admin.Patch("/users/00000000-0000-4000-8000-0000000000ff/role", `{"role":"ADMIN"}`).Refused(404, "User not found")
	r.Patch("/users/"+r.UserID+"/role", `{"role":"ADMIN"}`).Refused(403, "Insufficient permissions")
	admin.Patch("/users/"+r.UserID+"/role", `{"role":"CANDIDATE"}`).Want(200)
	r.Get("/auth/me").Refused(401, "Invalid or expired session")
	if again := h.LoginAs(r.Email, hiring.RoleCandidate).Get("/auth/me").Want(200); again.At("candidateProfile") == nil {
		t.Errorf("as a candidate: %s", again.Body)
	}
	gone := h.Candidate()
	if _, err := h.Pool.Exec(t.Context(), `DELETE FROM "User" WHERE id = $1`, gone.UserID); err != nil {
		t.Fatal(err)
	}
	gone.Get("/auth/me").Refused(401, "Invalid or expired session")
	two := h.Recruiter()
	two.Do("POST", "/auth/logout", "").Want(200)
	two.Get("/auth/me").Refused(401, "Invalid or expired session")
}

func TestProfilesTakeNullsAndKeepTheRest(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, c := h.Recruiter(), h.Candidate()
	page := r.Patch("/users/recruiter-profile", `{"companyName":"Acme","brandColor":"#3B82F6","emailIntro":null,"emailTips":null,"emailCtaText":null,"logoFileId":null,"subscriptionStatus":"ENTERPRISE"}`).Want(200)
	if page.Str("companyName") != "Acme" || page.At("emailIntro") != nil || page.Str("subscriptionStatus") != "FREE" {
		t.Errorf("recruiter: %s", page.Body)
	}
	tagged := r.Get("/users/recruiter-profile").Want(200)
	r.Patch("/users/recruiter-profile", `{"companyName":null}`).Want(200)
	if a := r.Get("/users/recruiter-profile").Want(200); a.At("companyName") != nil || a.Str("brandColor") != "#3B82F6" || a.Header.Get("ETag") == tagged.Header.Get("ETag") {
		t.Errorf("cleared: %s", a.Body)
	}
	r.Patch("/users/recruiter-profile", `{"brandColor":"red"}`).Refused(400, "Invalid input")
	r.Patch("/users/recruiter-profile", `{"logoFileId":"00000000-0000-4000-8000-0000000000ff"}`).Refused(400, "Invalid input")
	a := c.Patch("/users/candidate-profile", `{"fullName":"Cara","email":"other@example.com","phone":null,"skills":["Go","SQL"],"experienceYears":4.7,"linkedinUrl":"https://linkedin.example/in/cara"}`).Want(200)
	if a.Str("email") != "other@example.com" || a.At("phone") != nil || a.At("experienceYears") != 4.0 || a.Str("skills.1") != "SQL" {
		t.Errorf("candidate: %s", a.Body)
	}
	c.Patch("/users/candidate-profile", `{"linkedinUrl":"javascript:alert(1)"}`).Refused(400, "Invalid input")
	c.Patch("/users/candidate-profile", `{"experienceYears":51}`).Refused(400, "Invalid input")
	c.Patch("/users/candidate-profile", `{"skills":[1]}`).Refused(400, "Invalid input")
	if a := c.Patch("/users/candidate-profile", `{"skills":null,"experienceYears":null}`).Want(200); len(a.At("skills").([]any)) != 0 || a.At("experienceYears") != nil { //nolint:forcetypeassert // else the test fails
		t.Errorf("cleared: %s", a.Body)
	}
	c.Get("/users/recruiter-profile").Want(200)
}

func TestAdministratorsSeeEverybodyAndNobodyElseDoes(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, c, admin := h.Recruiter(), h.Candidate(), h.Admin()
	r.Post("/jobs", `{"title":"Engineer"}`).Want(201)
	for _, path := range []string{
		"/users", "/users/" + r.UserID, "/admin/stats", "/admin/users", "/admin/users/" + r.UserID, "/admin/jobs", "/admin/interviews", "/admin/settings", "/admin/analytics", "/admin/overview",
	} {
		admin.Get(path).Want(200)
		r.Get(path).Refused(403, "Insufficient permissions")
		c.Get(path).Refused(403, "Insufficient permissions")
		h.Nobody().Get(path).Refused(401, "Authentication required")
	}
	if a := admin.Get("/admin/users?search=" + strings.ToUpper(r.Email)).Want(200); a.Str("data.0.id") != r.UserID || a.At("pagination.total") != 1.0 || a.At("data.0._count.jobs") != 1.0 {
		t.Errorf("found: %s", a.Body)
	}
	if a := admin.Get("/admin/users?search=%25").Want(200); a.At("pagination.total") != 0.0 {
		t.Errorf("a %% finds %s", a.Body)
	}
	admin.Get("/admin/users?role=KING").Refused(400, "Invalid input")
	if a := admin.Get("/admin/stats").Want(200); a.At("pendingJobs") != 1.0 {
		t.Errorf("stats: %s", a.Body)
	}
	days := admin.Get("/admin/analytics?days=7").Want(200)
	if n := len(days.At("dailyStats").([]any)); n != 7 || days.At("dailyStats.6.jobs") != 1.0 || days.At("dailyStats.0.jobs") != 0.0 { //nolint:forcetypeassert // else the test fails
		t.Errorf("%d days: %s", n, days.Body)
	}
	if a := admin.Get("/admin/overview").Want(200); a.Str("recentJobs.0.title") != "Engineer" || len(a.At("recentInterviews").([]any)) != 0 { //nolint:forcetypeassert // else the test fails
		t.Errorf("overview: %s", a.Body)
	}
	admin.Delete("/admin/users/"+admin.UserID).Refused(400, "You cannot delete your own account")
	admin.Delete("/admin/users/nobody").Refused(404, "User not found")
}

func TestSettingsAct(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, admin := h.Recruiter(), h.Admin()
	want := `"secretSignupCode":null,"maxInterviewsPerRecruiter":50,"defaultInterviewDuration":30,"enableEmailNotifications":true,"enableWhatsAppNotifications":false,"maintenanceMode":false}`
	if a := admin.Get("/admin/settings").Want(200); !strings.HasSuffix(a.Body, want) {
		t.Errorf("defaults: %s", a.Body)
	}
	admin.Patch("/admin/settings", `{"secretSignupCode":"open sesame"}`).Want(200)
	if a := admin.Patch("/admin/settings", `{"secretSignupCode":"","maintenanceMode":true}`).Want(200); a.Str("secretSignupCode") != "open sesame" {
		t.Errorf("an empty code: %s", a.Body)
	}
	admin.Patch("/admin/settings", `{"defaultInterviewDuration":4}`).Refused(400, "Invalid input")
	a := r.Post("/jobs", `{"title":"x"}`)
	a.Refused(503, "The service is in maintenance. Please try again later.")
	if a.Header.Get("Retry-After") == "" {
		t.Error("it does not say when to try again")
	}
	r.Get("/jobs").Want(200)
	admin.Post("/jobs", `{"title":"x"}`).Want(201)
	h.Recruiter() // logging in goes on
	r.Post("/notifications/email/status", `{"interviewIds":[]}`).Want(200)
	admin.Patch("/admin/settings", `{"maintenanceMode":false,"maxInterviewsPerRecruiter":1,"defaultInterviewDuration":45}`).Want(200)
	const one = `{"candidateEmail":"x@example.com","jobRole":"Engineer"}`
	first := r.Post("/interviews", one).Want(201)
	if first.At("timeLimitMinutes") != 45.0 {
		t.Errorf("created: %s", first.Body)
	}
	r.Post("/interviews", one).Refused(403, "You have reached the limit of 1 open interviews")
	r.Delete("/interviews/" + first.Str("id")).Want(200)
	r.Post("/interviews", one).Want(201)
	r.Post("/jobs", `{"title":"x"}`).Want(201)
}
