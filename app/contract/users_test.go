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

// A change of a profile that is not as its owner last saw it is refused; of two at
// once one is.
func TestProfilesAreChangedAsTheyWereSeen(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, c := h.Recruiter(), h.Candidate()
	for path, client := range map[string]*apptest.Client{"/users/recruiter-profile": r, "/users/candidate-profile": c} {
		body := map[string]string{"/users/recruiter-profile": `{"companyName":"Acme"}`, "/users/candidate-profile": `{"bio":"I build things."}`}[path]
		tag := client.Get(path).Want(200).Header.Get("ETag")
		client.Do("GET", path, "", "If-None-Match", tag).Want(304)
		statuses := make(chan int)
		for range 2 {
			go func() { statuses <- client.Do("PATCH", path, body, "If-Match", tag).Status }()
		}
		if a, b := <-statuses, <-statuses; a+b != 200+412 {
			t.Errorf("%s: two at once: %d and %d", path, a, b)
		}
		a := client.Patch(path, body).Want(200)
		client.Do("PATCH", path, body, "If-Match", tag).Refused(412, "The resource has changed")
		client.Do("PATCH", path, body, "If-Match", a.Header.Get("ETag")).Want(200)
	}
}

// Two suites that begin at the same time log in as one user.
func TestTestLoginsAtOnceAreOneUser(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	ids := make(chan string)
	const logins = 8
	for range logins {
		go func() {
			a := h.Nobody().Do("POST", "/auth/test-login", `{"email":"same@example.com","role":"CANDIDATE"}`, "X-Test-Token", apptest.TestToken)
			if a.Status != 200 {
				t.Errorf("%d %s", a.Status, a.Body)
				ids <- ""
				return
			}
			ids <- a.Str("id")
		}()
	}
	first := <-ids
	for range logins - 1 {
		if id := <-ids; id != first {
			t.Errorf("logged in as %q and as %q", first, id)
		}
	}
}

func TestAdministratorsInputIsChecked(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, admin := h.Recruiter(), h.Admin()
	for _, body := range []string{
		`{"maxInterviewsPerRecruiter":0}`, `{"maxInterviewsPerRecruiter":99999999999999999999}`, `{"maxInterviewsPerRecruiter":"7"}`, `{"defaultInterviewDuration":121}`,
		`{"defaultInterviewDuration":30.5}`, `{"maintenanceMode":"yes"}`, `{"maintenanceMode":null}`, `{"secretSignupCode":7}`, `{"secretSignupCode":"a\u0000b"}`,
	} {
		admin.Patch("/admin/settings", body).Refused(400, "Invalid input")
	}
	admin.Patch("/admin/settings", `[]`).Refused(400, "Invalid input")
	for _, path := range []string{"/users?search=a%00b", "/admin/users?search=%ff", "/admin/users?role=admin", "/admin/interviews?status=OPEN", "/admin/users?updatedAfter=yesterday"} {
		admin.Get(path).Refused(400, "Invalid input")
	}
	for _, path := range []string{"/users?page=-1&limit=abc", "/admin/users?page=99999999999999999999", "/admin/interviews?limit=0"} {
		if a := admin.Get(path).Want(200); a.At("pagination.page") != 1.0 || a.At("pagination.limit") != 20.0 {
			t.Errorf("%s: %s", path, a.Body)
		}
	}
	for path, days := range map[string]int{"/admin/analytics": 30, "/admin/analytics?days=0": 30, "/admin/analytics?days=x": 30, "/admin/analytics?days=1": 1, "/admin/analytics?days=9999": 366} {
		if rows, _ := admin.Get(path).Want(200).At("dailyStats").([]any); len(rows) != days {
			t.Errorf("%s: %d days", path, len(rows))
		}
	}
	for _, id := range []string{"nobody", "%00", "%ff"} {
		admin.Get("/users/"+id).Refused(404, "User not found")
		admin.Patch("/users/"+id+"/role", `{"role":"ADMIN"}`).Refused(404, "User not found")
		admin.Delete("/admin/users/"+id).Refused(404, "User not found")
	}
	for _, path := range []string{"/users/" + r.UserID + "/role", "/admin/users/" + r.UserID + "/role"} {
		for _, body := range []string{`{}`, `{"role":null}`, `{"role":"admin"}`} {
			admin.Patch(path, body).Refused(400, "Invalid role")
		}
	}
	if a := admin.Patch("/admin/users/"+r.UserID+"/role", `{"role":"RECRUITER"}`).Want(200); a.Str("recruiterProfile.subscriptionStatus") != "FREE" || a.At("lastLoginAt") == nil {
		t.Errorf("the changed account: %s", a.Body)
	}
	first := admin.Get("/admin/users?limit=1").Want(200)
	next := admin.Get("/admin/users?limit=1&cursor=" + first.Str("pagination.nextCursor")).Want(200)
	if first.Str("data.0.id") == next.Str("data.0.id") || next.At("pagination.page") != 1.0 {
		t.Errorf("one after the other: %s and %s", first.Body, next.Body)
	}
}
