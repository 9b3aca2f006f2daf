package main

import (
	"strings"
	"testing"

	"github.com/vantahire/vantahire/store"
	"github.com/vantahire/vantahire/store/testdb"
)

func TestSeedLoadsTheFixtureOnce(t *testing.T) {
	url := testdb.New(t)
	t.Setenv("DATABASE_URL", url)
	t.Setenv("FRONTEND_URL", "http://frontend.test")
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "made 3 accounts, 2 jobs, 2 interviews, 2 links, 1 applications, 1 files\n"},
		{nil, "made 0 accounts, 0 jobs, 0 interviews, 0 links, 0 applications, 0 files\n"},
		{[]string{"-load", "3"}, "made 3 accounts, 3 jobs, 3 interviews, 3 links, 0 applications, 0 files\n"},
		{[]string{"-load", "5"}, "made 2 accounts, 2 jobs, 2 interviews, 2 links, 0 applications, 0 files\n"},
	} {
		var out, errOut output
		if status := dispatch(t.Context(), append([]string{"seed"}, c.args...), &out, &errOut); status != exitOK || !strings.HasPrefix(out.String(), c.want) {
			t.Fatalf("%v: exit status %d, %s%s", c.args, status, out.String(), errOut.String())
		}
	}
	pool, err := store.OpenPool(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	// What the original's scripts look for, a line each.
	for want, sql := range map[string]string{
		"TEXT 30 PENDING 00000000-0000-4000-8000-000000000021 00000000-0000-4000-8000-000000000002 http://frontend.test/interview/00000000-0000-4000-8000-000000000031?token=test-interview-token": `
			SELECT concat_ws(' ', i.type, "timeLimitMinutes", i.status, "jobId", "candidateUserId", "interviewUrl") FROM "InterviewSession" s JOIN "Interview" i ON i.id = s."interviewId"
			WHERE s.token = 'test-interview-token' AND s."expiresAt" = i."expiresAt" AND s.id LIKE '%0041' AND i."expiresAt" > now() + interval '6 days'`,
		"VOICE 45 PENDING external@example.com http://frontend.test/voice-interview/00000000-0000-4000-8000-000000000032?token=test-voice-token": `
			SELECT concat_ws(' ', i.type, "timeLimitMinutes", i.status, "candidateEmail", "interviewUrl") FROM "InterviewSession" s JOIN "Interview" i ON i.id = s."interviewId"
			WHERE s.token = 'test-voice-token' AND s.id LIKE '%0042' AND i."expiresAt" > now() + interval '13 days'`,
		"ACTIVE APPROVED, DRAFT PENDING":                 `SELECT string_agg(status || ' ' || "approvalStatus", ', ' ORDER BY id) FROM "Job" WHERE id LIKE '00000000-0000-4000-8000-00000000002_'`,
		"PENDING 00000000-0000-4000-8000-000000000021":   `SELECT status || ' ' || "jobId" FROM "JobApplication" WHERE "candidateId" LIKE '%0002'`,
		"LOGO company-logo.png true \\x89504e470d0a1a0a": `SELECT concat_ws(' ', category, name, CASE WHEN size = octet_length(data) THEN 'true' END, substr(data, 1, 8)) FROM "File" f JOIN "FileChunk" c ON c."fileId" = f.id`,
		"00000000-0000-4000-8000-000000000061 #3B82F6":   `SELECT "logoFileId" || ' ' || "brandColor" FROM "RecruiterProfile" WHERE "userId" LIKE '%0001'`,
		"TypeScript,React,Node.js 5 +1234567890":         `SELECT array_to_string(skills, ',') || ' ' || "experienceYears" || ' ' || phone FROM "CandidateProfile"`,
		"Load Job 5 load5@test.com load-interview-token-5": `
			SELECT j.title || ' ' || u.email || ' ' || s.token FROM "InterviewSession" s JOIN "Interview" i ON i.id = s."interviewId" JOIN "Job" j ON j.id = i."jobId" JOIN "User" u ON u.id = j."recruiterId"
			WHERE u.id = i."recruiterId" AND s.token LIKE 'load-%' ORDER BY s.token DESC LIMIT 1`,
	} {
		var got string
		if err := pool.QueryRow(t.Context(), sql).Scan(&got); err != nil || got != want {
			t.Errorf("got %q, want %q (%v)", got, want, err)
		}
	}
}

func TestSeedRefuses(t *testing.T) {
	url := testdb.New(t)
	for name, c := range map[string]struct {
		env, args string
		status    int
		want      string
	}{
		"production":         {"production", "", exitFailed, "this is production"},
		"an argument":        {"development", "everything", exitUsage, "takes no arguments"},
		"more than too much": {"development", "-load=1000000", exitUsage, "at most"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("DATABASE_URL", url)
			t.Setenv("APP_ENV", c.env)
			if c.env == "production" {
				t.Setenv("VANTAHIRE_RECORD_KEY", strings.Repeat("k", 32))
				t.Setenv("VANTAHIRE_URL_KEY", strings.Repeat("u", 32))
				t.Setenv("REDIS_URL", "redis://127.0.0.1:1/0")
				t.Setenv("API_URL", "https://api.example.com")
				t.Setenv("FRONTEND_URL", "https://example.com")
			}
			var out, errOut output
			if status := dispatch(t.Context(), append([]string{"seed"}, strings.Fields(c.args)...), &out, &errOut); status != c.status || !strings.Contains(errOut.String(), c.want) {
				t.Errorf("exit status %d: %s%s", status, out.String(), errOut.String())
			}
		})
	}
}
