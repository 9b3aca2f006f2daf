package hiring

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/vantahire/vantahire/interview"
)

const someID, otherID = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"

func linkIn(status interview.Status, completed time.Time) Actor {
	return Actor{Link: &Access{Interview: Interview{ID: someID, Status: status, CompletedAt: &completed}}}
}

func TestWhereAnUploadGoes(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	var (
		nobody    = Actor{}
		recruiter = Actor{UserID: "r", Role: RoleRecruiter}
		candidate = Actor{UserID: "c", Role: RoleCandidate}
		admin     = Actor{UserID: "a", Role: RoleAdmin}
		pending   = linkIn(interview.StatusPending, at)
		running   = linkIn(interview.StatusInProgress, at)
		just      = linkIn(interview.StatusCompleted, at.Add(-time.Minute))
		long      = linkIn(interview.StatusCompleted, at.Add(-time.Hour))
		expired   = linkIn(interview.StatusExpired, at)
	)
	for name, tc := range map[string]struct {
		actor Actor
		r     UploadRequest
		want  Placement
		text  string
		kind  Kind
	}{
		"nobody, of nothing":              {actor: nobody, text: "Unauthorized", kind: KindUnauthenticated},
		"nobody":                          {actor: nobody, r: UploadRequest{Category: "LOGO"}, text: "Unauthorized", kind: KindUnauthenticated},
		"no category":                     {actor: recruiter, text: "File and category required", kind: KindInvalid},
		"a logo":                          {actor: recruiter, r: UploadRequest{Category: "LOGO"}, want: Placement{Category: FileLogo, Purpose: PurposeLogo}},
		"an administrator's logo":         {actor: admin, r: UploadRequest{Category: "LOGO", Purpose: "recruiter_logo"}, want: Placement{Category: FileLogo, Purpose: PurposeLogo}},
		"a candidate's logo":              {actor: candidate, r: UploadRequest{Category: "LOGO"}, text: "Only recruiters can upload logos", kind: KindForbidden},
		"a link's logo":                   {actor: running, r: UploadRequest{Category: "LOGO"}, text: "Only recruiters can upload logos", kind: KindForbidden},
		"a recruiter's screenshot":        {actor: recruiter, r: UploadRequest{Category: "SCREENSHOT", InterviewID: someID}, text: "Screenshots require interview token", kind: KindForbidden},
		"an administrator's screenshot":   {actor: admin, r: UploadRequest{Category: "SCREENSHOT", InterviewID: someID}, text: "Screenshots require interview token", kind: KindForbidden},
		"a link's screenshot":             {actor: running, r: UploadRequest{Category: "SCREENSHOT"}, want: Placement{Category: FileScreenshot, Purpose: PurposeInterviewAttachment, InterviewID: someID}},
		"a link's resume, elsewhere":      {actor: pending, r: UploadRequest{Category: "RESUME", InterviewID: otherID, ApplicationID: otherID}, want: Placement{Category: FileResume, Purpose: PurposeInterviewResume, InterviewID: someID}},
		"a link's document":               {actor: pending, r: UploadRequest{Category: "DOCUMENT"}, want: Placement{Category: FileDocument, Purpose: PurposeInterviewAttachment, InterviewID: someID}},
		"a link's profile":                {actor: pending, r: UploadRequest{Category: "RESUME", Purpose: "profile_resume"}, text: "Forbidden", kind: KindForbidden},
		"a link's application":            {actor: pending, r: UploadRequest{Category: "DOCUMENT", Purpose: "application_attachment"}, text: "Forbidden", kind: KindForbidden},
		"after the completion":            {actor: just, r: UploadRequest{Category: "SCREENSHOT"}, text: "Interview is no longer active", kind: KindInvalid},
		"late, after the completion":      {actor: just, r: UploadRequest{Category: "SCREENSHOT", Late: true}, want: Placement{Category: FileScreenshot, Purpose: PurposeInterviewAttachment, InterviewID: someID, Late: true}},
		"too late":                        {actor: long, r: UploadRequest{Category: "SCREENSHOT", Late: true}, text: "Interview is no longer active", kind: KindInvalid},
		"of an expired interview":         {actor: expired, r: UploadRequest{Category: "SCREENSHOT", Late: true}, text: "Interview is no longer active", kind: KindInvalid},
		"a recruiter's, of nothing":       {actor: recruiter, r: UploadRequest{Category: "RESUME"}, text: "InterviewId or jobApplicationId required", kind: KindInvalid},
		"an interview's resume":           {actor: recruiter, r: UploadRequest{Category: "RESUME", InterviewID: someID}, want: Placement{Category: FileResume, Purpose: PurposeInterviewResume, InterviewID: someID}},
		"an application's resume":         {actor: recruiter, r: UploadRequest{Category: "RESUME", ApplicationID: someID}, want: Placement{Category: FileResume, Purpose: PurposeApplicationResume, ApplicationID: someID}},
		"a candidate's resume":            {actor: candidate, r: UploadRequest{Category: "RESUME"}, want: Placement{Category: FileResume, Purpose: PurposeProfileResume}},
		"for an application to come":      {actor: candidate, r: UploadRequest{Category: "RESUME", Purpose: "application_resume"}, want: Placement{Category: FileResume, Purpose: PurposeApplicationResume}},
		"a document of an application":    {actor: recruiter, r: UploadRequest{Category: "DOCUMENT", ApplicationID: someID}, want: Placement{Category: FileDocument, Purpose: PurposeApplicationAttachment, ApplicationID: someID}},
		"a candidate's document":          {actor: candidate, r: UploadRequest{Category: "DOCUMENT"}, want: Placement{Category: FileDocument, Purpose: PurposeInterviewAttachment}},
		"a purpose of other files":        {actor: recruiter, r: UploadRequest{Category: "LOGO", Purpose: "profile_resume"}, text: "Invalid purpose 'profile_resume' for category 'LOGO'. Valid: recruiter_logo", kind: KindInvalid},
		"resumes have three":              {actor: candidate, r: UploadRequest{Category: "RESUME", Purpose: "recruiter_logo"}, text: "Invalid purpose 'recruiter_logo' for category 'RESUME'. Valid: profile_resume, interview_resume, application_resume", kind: KindInvalid},
		"no interview":                    {actor: candidate, r: UploadRequest{Category: "RESUME", Purpose: "interview_resume"}, text: "Purpose 'interview_resume' requires interviewId", kind: KindInvalid},
		"no application":                  {actor: recruiter, r: UploadRequest{Category: "DOCUMENT", Purpose: "application_attachment", InterviewID: someID}, text: "Purpose 'application_attachment' requires jobApplicationId", kind: KindInvalid},
		"a recruiter's, for no interview": {actor: recruiter, r: UploadRequest{Category: "RESUME", Purpose: "interview_resume", ApplicationID: someID}, text: "Purpose 'interview_resume' requires interviewId", kind: KindInvalid},
	} {
		got, err := PlaceUpload(tc.actor, tc.r, at)
		var refused *RefusedError
		switch {
		case tc.text == "" && (err != nil || got != tc.want):
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, tc.want)
		case tc.text != "" && (!errors.As(err, &refused) || refused.Text != tc.text || refused.Kind != tc.kind):
			t.Errorf("%s: %v, want %s", name, err, tc.text)
		}
	}
}

func TestParametersNoUploadCanHave(t *testing.T) {
	t.Parallel()
	r := UploadRequest{Category: "VIDEO", Purpose: "fun", InterviewID: "1", ApplicationID: strings.Repeat("g", 36)}
	_, err := PlaceUpload(Actor{UserID: "r", Role: RoleRecruiter}, r, time.Time{})
	var invalid *InvalidError
	if !errors.As(err, &invalid) || invalid.Text != "Invalid parameters" {
		t.Fatalf("%v", err)
	}
	for field, text := range map[string]string{
		"category": "Invalid enum value. Expected 'LOGO' | 'RESUME' | 'SCREENSHOT' | 'DOCUMENT', received 'VIDEO'", "interviewId": "Invalid uuid", "jobApplicationId": "Invalid uuid",
		"purpose": "Invalid enum value. Expected 'recruiter_logo' | 'profile_resume' | 'interview_resume' | 'application_resume' | 'interview_attachment' | 'application_attachment', received 'fun'",
	} {
		if !slices.Equal(invalid.Fields[field], []string{text}) {
			t.Errorf("%s: %q", field, invalid.Fields[field])
		}
	}
	if err := AdmitUpload(Actor{UserID: "r", Role: RoleRecruiter}, "VIDEO"); !errors.As(err, &invalid) || len(invalid.Fields) != 1 {
		t.Errorf("an unknown category alone: %v", err)
	}
}

func TestContentsAreWhatTheySay(t *testing.T) {
	t.Parallel()
	heads := map[string]string{
		typePNG: "\x89PNG\r\n\x1a\n...", typeJPEG: "\xff\xd8\xff\xe0", typeGIF: "GIF89a", typeWebP: "RIFF\x00\x00\x00\x00WEBPVP8 ", typeSVG: "<?xml version='1.0'?>\n<SVG/>",
		typePDF: "%PDF-1.7", typeDOC: "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", typeDOCX: "PK\x03\x04", typeText: "plain", typeJSON: `{"a":1}`, "text/html": "<html><script>", "application/octet-stream": "\x00",
	}
	allowed := map[FileCategory][]string{
		FileLogo: {typePNG, typeJPEG, typeWebP, typeSVG, typeGIF}, FileResume: {typePDF, typeDOC, typeDOCX, typeText},
		FileScreenshot: {typePNG, typeJPEG, typeWebP}, FileDocument: {typePDF, typeText, typeJSON, typeDOC, typeDOCX},
	}
	// Text is text, whatever it is about, and is never run: see nosniff.
	texts := []string{typeText, typeJSON, typeSVG, "text/html"}
	for category, types := range allowed {
		for declared := range heads {
			for actual, head := range heads {
				want := slices.Contains(types, declared) && (declared == actual || (declared == typeText || declared == typeJSON) && slices.Contains(texts, actual))
				err := CheckContent(category, declared, []byte(head))
				if (err == nil) != want {
					t.Errorf("%s declared as %s that is %s: %v", category, declared, actual, err)
				}
				if err != nil && err.Error() != "Invalid file type for "+string(category)+". Allowed: "+strings.Join(types, ", ") {
					t.Errorf("%s: %v", category, err)
				}
			}
		}
	}
	for declared, head := range heads {
		want := declared
		if declared == typeJSON || declared == "text/html" {
			want = typeText
		}
		if got := SniffType([]byte(head)); got != want {
			t.Errorf("%q is taken for %s, want %s", head, got, want)
		}
	}
}

func TestSizesOfCategories(t *testing.T) {
	t.Parallel()
	for category, want := range map[FileCategory]int64{FileLogo: 2, FileResume: 10, FileScreenshot: 5, FileDocument: 10, "": 10} {
		if got := MaxFileSize(category); got != want<<20 {
			t.Errorf("%s: %d bytes", category, got)
		}
	}
	if text := TooLarge(5 << 20).Error(); text != "File too large. Max: 5MB" {
		t.Errorf("%s", text)
	}
}

func TestWhoMayReadAFile(t *testing.T) {
	t.Parallel()
	owner := "owner"
	links := FileLinks{File: File{UploadedBy: &owner}, Recruiters: []string{"boss"}, Candidates: []string{"applicant"}, Interviews: []string{someID}}
	user := func(id string, role UserRole) Actor { return Actor{UserID: id, Role: role} }
	for name, tc := range map[string]struct {
		actor Actor
		want  bool
	}{
		"nobody":               {Actor{}, false},
		"the owner":            {user("owner", RoleCandidate), true},
		"the recruiter":        {user("boss", RoleRecruiter), true},
		"another recruiter":    {user("other", RoleRecruiter), false},
		"the applicant":        {user("applicant", RoleCandidate), true},
		"another candidate":    {user("other", RoleCandidate), false},
		"an administrator":     {user("admin", RoleAdmin), true},
		"the interview's link": {Actor{Link: &Access{Interview: Interview{ID: someID}}}, true},
		"another link":         {Actor{Link: &Access{Interview: Interview{ID: otherID}}}, false},
	} {
		for _, category := range fileCategories {
			links.Category = category
			if got := MayReadFile(tc.actor, links); got != (tc.want || category == FileLogo) {
				t.Errorf("%s of %s: %t", name, category, got)
			}
		}
	}
	if orphan := (FileLinks{File: File{Category: FileResume}}); MayReadFile(Actor{}, orphan) || MayReadFile(user("", RoleCandidate), orphan) {
		t.Error("a file of nobody is read by nobody")
	}
}

func FuzzFileName(f *testing.F) {
	for _, seed := range []string{"a.pdf", `C:\x\..`, "../../etc/passwd", "\u202egnp.exe", "a\x00b\r\n", "\xff", strings.Repeat("ä", 500), ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := FileName(name)
		if got == "" || got == "." || got == ".." || !utf8.ValidString(got) || utf8.RuneCountInString(got) > maxFileName || strings.ContainsAny(got, `/\`) || strings.ContainsFunc(got, unicode.IsControl) {
			t.Errorf("%q became %q", name, got)
		}
	})
}
