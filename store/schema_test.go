package store_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// contractTables is contract section 10, a line a column: name, type, "?" for
// nullable, "=default", "unique", "-> table action". Every table has an id beside
// them, and the columns that are ours.
var contractTables = map[string]string{
	"User": `
		email text unique
		role UserRole =RECRUITER
		provider text
		providerId text
		fullName text ?
		avatarUrl text ?
		createdAt time =now
		updatedAt time =now
		lastLoginAt time ?`,
	"RecruiterProfile": `
		userId text unique -> User cascade
		companyName text ?
		logoFileId text ? -> File set null
		brandColor text ?
		emailIntro text ?
		emailTips text ?
		emailCtaText text ?
		subscriptionStatus SubscriptionStatus =FREE
		subscriptionUpdatedAt time ?
		createdAt time =now
		updatedAt time =now`,
	"CandidateProfile": `
		userId text unique -> User cascade
		fullName text ?
		email text ?
		phone text ?
		bio text ?
		skills text[] ={}
		experienceYears int ?
		resumeFileId text ? -> File set null
		linkedinUrl text ?
		portfolioUrl text ?
		createdAt time =now
		updatedAt time =now`,
	"Interview": `
		recruiterId text -> User restrict
		jobId text ? -> Job set null
		candidateEmail text
		candidateName text ?
		candidateNotes text ?
		candidateResumeFileId text ? -> File set null
		candidateUserId text ?
		candidatePhone text ?
		jobRole text
		type InterviewType =TEXT
		timeLimitMinutes int =30
		status InterviewStatus =PENDING
		interviewUrl text ?
		expiresAt time ?
		startedAt time ?
		completedAt time ?
		score int ?
		transcriptSummary text ?
		recordingGcsKey text ?
		createdAt time =now
		updatedAt time =now`,
	"InterviewMessage": `
		interviewId text -> Interview cascade
		role text
		content text
		createdAt time =now`,
	"InterviewSession": `
		interviewId text -> Interview cascade
		token text unique
		expiresAt time
		revokedAt time ?
		lastAccessedAt time ?
		accessCount int =0
		createdAt time =now`,
	"Job": `
		recruiterId text -> User restrict
		title text
		description text ?
		department text ?
		location text ?
		jobType text ?
		salaryRange text ?
		status JobStatus =DRAFT
		approvalStatus ApprovalStatus =PENDING
		approvedAt time ?
		approvedBy text ?
		rejectionReason text ?
		createdAt time =now
		updatedAt time =now`,
	"JobApplication": `
		jobId text -> Job restrict
		candidateId text
		coverLetter text ?
		resumeFileId text ? -> File set null
		notes text ?
		status ApplicationStatus =PENDING
		reviewedAt time ?
		appliedAt time =now
		updatedAt time =now`,
	// Mails, messages and logs restrict in the contract, which wants them deleted with
	// what they belong to: the database does that here.
	"EmailMessage": `
		interviewId text -> Interview cascade
		recipientEmail text
		messageId text ? unique
		status text =pending
		sentAt time ?
		deliveredAt time ?
		openedAt time ?
		bouncedAt time ?
		failedAt time ?
		errorMessage text ?
		createdAt time =now
		updatedAt time =now`,
	"WhatsAppMessage": `
		interviewId text -> Interview cascade
		candidatePhone text
		messageId text ? unique
		status text =pending
		sentAt time ?
		deliveredAt time ?
		readAt time ?
		failedAt time ?
		errorMessage text ?
		createdAt time =now
		updatedAt time =now`,
	"File": `
		name text
		mimeType text
		size int
		category FileCategory
		uploadedBy text ? -> User set null
		interviewId text ? -> Interview cascade
		jobApplicationId text ? -> JobApplication cascade
		createdAt time =now`,
	"ApiKey": `
		userId text -> User restrict
		name text
		keyHash text unique
		keyPrefix text
		scopes text[] ={}
		status ApiKeyStatus =ACTIVE
		expiresAt time ?
		revokedAt time ?
		rateLimitPerDay int =1000
		requestsToday int =0
		lastResetAt time ?
		lastRequestAt time ?
		createdAt time =now`,
	"ApiUsageLog": `
		apiKeyId text -> ApiKey cascade
		endpoint text
		method text
		statusCode int ?
		responseTimeMs int ?
		ipAddress text ?
		createdAt time =now`,
	"AdminSettings": `
		secretSignupCode text ?
		maxInterviewsPerRecruiter int =50
		defaultInterviewDuration int =30
		enableEmailNotifications bool =true
		enableWhatsAppNotifications bool =false
		maintenanceMode bool =false
		createdAt time =now
		updatedAt time =now`,
	"OnboardingReminder": `
		userId text
		reminderType text
		tasksPending text[] ={}
		sentAt time =now`,
}

// ourColumns are beyond the contract: what the voice engine, plans and limits keep.
var ourColumns = map[string][]string{
	"Interview":        {"consentPolicy", "plan", "planVersion", "planUpdatedAt"},
	"InterviewMessage": {"seq", "source", "turn", "reply", "interrupted"},
	"Job":              {"plan", "planVersion", "planUpdatedAt"},
	"AdminSettings":    {"limitsSavedAt"},
}

// describeTable renders a table's columns in the notation of contractTables.
const describeTable = `
	SELECT c.column_name || ' '
		|| CASE WHEN c.data_type = 'timestamp with time zone' AND c.datetime_precision = 3 THEN 'time'
			WHEN c.data_type = 'integer' THEN 'int' WHEN c.data_type = 'boolean' THEN 'bool'
			WHEN c.data_type = 'ARRAY' AND c.udt_name = '_text' THEN 'text[]'
			WHEN c.data_type = 'USER-DEFINED' THEN c.udt_name::text ELSE c.data_type END
		|| CASE c.is_nullable WHEN 'YES' THEN ' ?' ELSE '' END
		|| coalesce(' =' || CASE WHEN c.column_default = 'now()' THEN 'now' ELSE trim(both '''' FROM split_part(c.column_default, '::', 1)) END, '')
		|| CASE WHEN EXISTS (SELECT FROM pg_index i WHERE i.indrelid = r.oid AND i.indisunique AND i.indpred IS NULL AND i.indkey::text = c.ordinal_position::text) THEN ' unique' ELSE '' END
		|| coalesce((SELECT ' -> ' || f.relname || CASE k.confdeltype WHEN 'c' THEN ' cascade' WHEN 'n' THEN ' set null' ELSE ' restrict' END
			FROM pg_constraint k JOIN pg_class f ON f.oid = k.confrelid
			WHERE k.conrelid = r.oid AND k.contype = 'f' AND k.conkey = ARRAY[c.ordinal_position::int2]), '')
	FROM information_schema.columns c JOIN pg_class r ON r.relname = c.table_name AND r.relnamespace = 'public'::regnamespace
	WHERE c.table_schema = 'public' AND c.table_name = $1 AND c.column_name <> 'id' AND NOT c.column_name::text = ANY ($2::text[])
	ORDER BY 1`

func TestTheSchemaIsTheContracts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for table, text := range contractTables {
		var want []string
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line != "" {
				want = append(want, line)
			}
		}
		slices.Sort(want)
		got := column[string](t, b, describeTable, table, append([]string{}, ourColumns[table]...))
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (- contract, + database):\n%s", table, diff)
		}
		key := scan[string](t, b, `SELECT string_agg(pg_get_constraintdef(oid), '') FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'p'`, quoted(table))
		if key != "PRIMARY KEY (id)" {
			t.Errorf("%s: %s", table, key)
		}
	}
	for table, columns := range map[string]string{
		"User": `(provider, "providerId")`, "JobApplication": `("jobId", "candidateId")`, "OnboardingReminder": `("userId", "reminderType")`,
	} {
		if n := scan[int](t, b, `SELECT count(*) FROM pg_constraint WHERE conrelid = $1::regclass AND pg_get_constraintdef(oid) = $2`, quoted(table), "UNIQUE "+columns); n != 1 {
			t.Errorf("%s is not unique by %s", table, columns)
		}
	}
}

// Every look-up and list of the contract has an index whose first columns are these.
func TestTheContractsIndexesAreThere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for table, indexes := range map[string][]string{
		"User": {"email", "lower(email)", `"createdAt" DESC, id DESC`},
		"Interview": {
			`"recruiterId"`, "status", `"candidateEmail"`, `lower("candidateEmail")`, `"candidateUserId"`, `"jobId"`, `"createdAt"`,
			`"recruiterId", "createdAt" DESC, id DESC`, `status, "expiresAt"`,
		},
		"InterviewMessage":   {`"interviewId", "createdAt"`},
		"InterviewSession":   {"token", `"interviewId"`, `"expiresAt"`},
		"Job":                {`"recruiterId"`, "status", `"approvalStatus"`, `"recruiterId", "createdAt" DESC, id DESC`},
		"JobApplication":     {`"jobId"`, `"candidateId"`, "status", `"jobId", "appliedAt" DESC, id DESC`, `"candidateId", "appliedAt" DESC, id DESC`},
		"EmailMessage":       {`"interviewId", "createdAt" DESC`, `"messageId"`},
		"WhatsAppMessage":    {`"interviewId", "createdAt" DESC`, `"messageId"`},
		"File":               {"category", `"uploadedBy"`, `"interviewId"`, `"jobApplicationId"`},
		"ApiKey":             {`"userId"`, `"keyHash"`},
		"ApiUsageLog":        {`"apiKeyId", "createdAt" DESC`, `"createdAt"`},
		"OnboardingReminder": {`"userId"`},
	} {
		have := column[string](t, b, `SELECT substring(indexdef FROM 'USING btree \((.*)\)') FROM pg_indexes WHERE schemaname = 'public' AND tablename = $1`, table)
		for _, want := range indexes {
			if !slices.ContainsFunc(have, func(h string) bool { return h == want || strings.HasPrefix(h, want+",") }) {
				t.Errorf("%s has no index on (%s): %q", table, want, have)
			}
		}
	}
}

// column reads one value of each row.
func column[T any](t testing.TB, b *bundle, sql string, args ...any) []T {
	t.Helper()
	rows, err := b.pool.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	values, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }
