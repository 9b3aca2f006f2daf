package hiring

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vantahire/vantahire/interview"
)

// FileCategory is what a file is for (contract section 4.1).
type FileCategory string

// The categories.
const (
	FileLogo       FileCategory = "LOGO"
	FileResume     FileCategory = "RESUME"
	FileScreenshot FileCategory = "SCREENSHOT"
	FileDocument   FileCategory = "DOCUMENT"
)

var fileCategories = []FileCategory{FileLogo, FileResume, FileScreenshot, FileDocument}

const mebibyte = 1 << 20

// The types the contract names.
const (
	typePNG  = "image/png"
	typeJPEG = "image/jpeg"
	typeWebP = "image/webp"
	typeGIF  = "image/gif"
	typeSVG  = "image/svg+xml"
	typePDF  = "application/pdf"
	typeDOC  = "application/msword"
	typeDOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	typeText = "text/plain"
	typeJSON = "application/json"
)

// fileRule is a category's limit, in MiB, and its types.
type fileRule struct {
	megabytes int64
	types     []string
}

var fileRules = map[FileCategory]fileRule{
	FileLogo:       {2, []string{typePNG, typeJPEG, typeWebP, typeSVG, typeGIF}},
	FileResume:     {10, []string{typePDF, typeDOC, typeDOCX, typeText}},
	FileScreenshot: {5, []string{typePNG, typeJPEG, typeWebP}},
	FileDocument:   {10, []string{typePDF, typeText, typeJSON, typeDOC, typeDOCX}},
}

// MaxFileSize is the most bytes a file of a category may have; of an unknown one,
// the most of any.
func MaxFileSize(category FileCategory) int64 {
	if rule, ok := fileRules[category]; ok {
		return rule.megabytes * mebibyte
	}
	return 10 * mebibyte
}

// TooLarge is the answer to a file over its limit, in bytes.
func TooLarge(limit int64) error {
	return Refuse(KindInvalid, fmt.Sprintf("File too large. Max: %dMB", limit/mebibyte))
}

// CheckContent holds a file's declared type against its category and against how the
// file begins; head has its first bytes, up to SniffBytes.
func CheckContent(category FileCategory, declared string, head []byte) error {
	rule := fileRules[category]
	if !slices.Contains(rule.types, declared) || !looksLike(declared, head) {
		return Refuse(KindInvalid, fmt.Sprintf("Invalid file type for %s. Allowed: %s", category, strings.Join(rule.types, ", ")))
	}
	return nil
}

// SniffBytes is how much of a file is looked at.
const SniffBytes = 4096

// looksLike reports whether a file of the type may begin so.
func looksLike(declared string, head []byte) bool {
	switch declared {
	case typePNG:
		return bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n"))
	case typeJPEG:
		return bytes.HasPrefix(head, []byte("\xff\xd8\xff"))
	case typeGIF:
		return bytes.HasPrefix(head, []byte("GIF87a")) || bytes.HasPrefix(head, []byte("GIF89a"))
	case typeWebP:
		return len(head) >= 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP"
	case typePDF:
		return bytes.Contains(head[:min(len(head), 1024)], []byte("%PDF-"))
	case typeDOC:
		return bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))
	case typeDOCX:
		return bytes.HasPrefix(head, []byte("PK\x03\x04"))
	case typeSVG:
		return isText(head) && bytes.Contains(bytes.ToLower(head), []byte("<svg"))
	case typeText, typeJSON:
		return isText(head)
	}
	return false
}

// isText reports whether bytes may be text: no control characters but white space,
// and UTF-8 but for a character that was cut off at the end, or an old one-byte
// encoding.
func isText(head []byte) bool {
	if slices.ContainsFunc(head, func(b byte) bool { return b < ' ' && b != '\t' && b != '\n' && b != '\r' && b != '\f' || b == 0x7f }) {
		return false
	}
	return !slices.ContainsFunc([]string{"%PDF-", "GIF8", "\xff\xd8\xff"}, func(magic string) bool { return bytes.HasPrefix(head, []byte(magic)) })
}

// SniffType guesses the type of a file that declares none.
func SniffType(head []byte) string {
	for _, t := range []string{typePNG, typeJPEG, typeGIF, typeWebP, typePDF, typeDOC, typeDOCX, typeSVG} {
		if looksLike(t, head) {
			return t
		}
	}
	if isText(head) && utf8.Valid(head) {
		return typeText
	}
	return "application/octet-stream"
}

// RunsInline reports whether a browser that shows a file of the type may run what is
// in it.
func RunsInline(mimeType string) bool { return mimeType == typeSVG }

// Purpose is where a file belongs (contract section 4.2).
type Purpose string

// The purposes.
const (
	PurposeLogo                  Purpose = "recruiter_logo"
	PurposeProfileResume         Purpose = "profile_resume"
	PurposeInterviewResume       Purpose = "interview_resume"
	PurposeApplicationResume     Purpose = "application_resume"
	PurposeInterviewAttachment   Purpose = "interview_attachment"
	PurposeApplicationAttachment Purpose = "application_attachment"
)

var purposesOf = map[FileCategory][]Purpose{
	FileLogo:       {PurposeLogo},
	FileResume:     {PurposeProfileResume, PurposeInterviewResume, PurposeApplicationResume},
	FileScreenshot: {PurposeInterviewAttachment, PurposeApplicationAttachment},
	FileDocument:   {PurposeInterviewAttachment, PurposeApplicationAttachment},
}

var purposes = []Purpose{PurposeLogo, PurposeProfileResume, PurposeInterviewResume, PurposeApplicationResume, PurposeInterviewAttachment, PurposeApplicationAttachment}

// UploadRequest is what an upload says about its file; empty fields were not given.
type UploadRequest struct {
	Category, Purpose, InterviewID, ApplicationID string
	// Late lets the holder of a link finish what he sends for a while after the
	// interview's completion.
	Late bool
}

// Placement is where a file goes; empty fields attach it to nothing.
type Placement struct {
	Category      FileCategory
	Purpose       Purpose
	InterviewID   interview.ID
	ApplicationID string
	Late          bool // see UploadRequest
}

// TakesUploads reports whether a candidate's file may still come to the interview.
func (p Placement) TakesUploads(i *Interview, now time.Time) bool {
	return i.Status == interview.StatusPending || i.Status == interview.StatusInProgress || p.Late && i.takesWritings(now)
}

// AdmitUpload refuses whoever may not upload a file of the category whatever else he
// says about it: before the file is taken, when its other fields may still come.
func AdmitUpload(actor Actor, category string) error {
	switch {
	case !actor.IsUser() && actor.Link == nil:
		return Refuse(KindUnauthenticated, "Unauthorized")
	case category == "":
		return Refuse(KindInvalid, "File and category required")
	case !slices.Contains(fileCategories, FileCategory(category)):
		return checkParameters(UploadRequest{Category: category})
	case FileCategory(category) == FileLogo && (actor.Link != nil || !actor.Recruits()):
		return Refuse(KindForbidden, "Only recruiters can upload logos")
	case FileCategory(category) == FileScreenshot && actor.Link == nil:
		return Refuse(KindForbidden, "Screenshots require interview token")
	}
	return nil
}

// PlaceUpload decides where an upload goes and whether the actor may upload it at all
// (contract sections 4.2 to 4.4). That the named interview or application is the
// actor's own, the store checks.
func PlaceUpload(actor Actor, r UploadRequest, now time.Time) (Placement, error) {
	p := Placement{Category: FileCategory(r.Category), Purpose: Purpose(r.Purpose), InterviewID: interview.ID(r.InterviewID), ApplicationID: r.ApplicationID, Late: r.Late}
	if (actor.IsUser() || actor.Link != nil) && r.Category != "" {
		if err := checkParameters(r); err != nil {
			return p, err
		}
	}
	if err := AdmitUpload(actor, r.Category); err != nil {
		return p, err
	}
	if actor.Link != nil {
		return placeByLink(*actor.Link, p, now)
	}
	if p.Category != FileLogo && actor.Recruits() && r.InterviewID == "" && r.ApplicationID == "" {
		return p, Refuse(KindInvalid, "InterviewId or jobApplicationId required")
	}
	if p.Purpose == "" {
		p.Purpose = inferPurpose(p)
	}
	if err := checkPurpose(p); err != nil {
		return p, err
	}
	return p, requireID(actor, p, r.Purpose != "")
}

// requireID refuses a purpose without the id it needs.
func requireID(actor Actor, p Placement, named bool) error {
	missing := ""
	switch p.Purpose {
	case PurposeInterviewResume, PurposeInterviewAttachment:
		if p.InterviewID == "" {
			missing = "interviewId"
		}
	case PurposeApplicationResume, PurposeApplicationAttachment:
		if p.ApplicationID == "" {
			missing = "jobApplicationId"
		}
	case PurposeLogo, PurposeProfileResume:
	}
	// A candidate uploads a resume before the application that names it exists
	// (contract section 4.2), and documents of his own.
	if missing == "" || !actor.Recruits() && (p.Purpose == PurposeApplicationResume || !named) {
		return nil
	}
	return Refuse(KindInvalid, fmt.Sprintf("Purpose '%s' requires %s", p.Purpose, missing))
}

// placeByLink places what the holder of an interview link uploads: always with that
// interview, while it may still be held.
func placeByLink(link Access, p Placement, now time.Time) (Placement, error) {
	p.InterviewID, p.ApplicationID = link.Interview.ID, ""
	switch p.Category {
	case FileLogo: // refused before
	case FileResume:
		if p.Purpose == "" {
			p.Purpose = PurposeInterviewResume
		}
	case FileScreenshot, FileDocument:
		if p.Purpose == "" {
			p.Purpose = PurposeInterviewAttachment
		}
	}
	if p.Purpose != PurposeInterviewResume && p.Purpose != PurposeInterviewAttachment {
		return p, Refuse(KindForbidden, "Forbidden")
	}
	if err := checkPurpose(p); err != nil {
		return p, err
	}
	if !p.TakesUploads(&link.Interview, now) {
		return p, ErrInterviewOver
	}
	return p, nil
}

// ErrInterviewOver is the answer to candidates of an interview that is over.
var ErrInterviewOver = Refuse(KindInvalid, "Interview is no longer active")

func inferPurpose(p Placement) Purpose {
	switch {
	case p.Category == FileLogo:
		return PurposeLogo
	case p.Category == FileResume && p.InterviewID != "":
		return PurposeInterviewResume
	case p.Category == FileResume && p.ApplicationID != "":
		return PurposeApplicationResume
	case p.Category == FileResume:
		return PurposeProfileResume
	case p.ApplicationID != "" && p.InterviewID == "":
		return PurposeApplicationAttachment
	}
	return PurposeInterviewAttachment
}

func checkPurpose(p Placement) error {
	valid := purposesOf[p.Category]
	if slices.Contains(valid, p.Purpose) {
		return nil
	}
	names := make([]string, len(valid))
	for i, v := range valid {
		names[i] = string(v)
	}
	return Refuse(KindInvalid, fmt.Sprintf("Invalid purpose '%s' for category '%s'. Valid: %s", p.Purpose, p.Category, strings.Join(names, ", ")))
}

// checkParameters finds values that no upload can have.
func checkParameters(r UploadRequest) error {
	bad := &InvalidError{Text: "Invalid parameters", Fields: map[string][]string{}}
	if !slices.Contains(fileCategories, FileCategory(r.Category)) {
		bad.add("category", wrongEnum(fileCategories, r.Category))
	}
	if r.Purpose != "" && !slices.Contains(purposes, Purpose(r.Purpose)) {
		bad.add("purpose", wrongEnum(purposes, r.Purpose))
	}
	for field, id := range map[string]string{"interviewId": r.InterviewID, "jobApplicationId": r.ApplicationID} {
		if id != "" && !isUUID(id) {
			bad.add(field, "Invalid uuid")
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

func wrongEnum[T ~string](values []T, got string) string {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = string(v)
	}
	const most = 100
	if len(got) > most {
		got = got[:most]
	}
	return fmt.Sprintf("Invalid enum value. Expected '%s', received '%s'", strings.Join(names, "' | '"), strings.ToValidUTF8(got, "?"))
}

// isUUID accepts any hex 8-4-4-4-12 (contract section 1.5).
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (c == '-') || !dash && !strings.ContainsRune("0123456789abcdefABCDEF", rune(c)) {
			return false
		}
	}
	return true
}

// FileLinks are the people around a file.
type FileLinks struct {
	File

	// Recruiters run the interview or job it hangs on, or link it as a resume;
	// Candidates applied with it, or have it in their profile.
	Recruiters, Candidates []string
	// Interviews are those it hangs on or that link it as a resume.
	Interviews []string
}

// MayReadFile decides contract section 4.5.
func MayReadFile(actor Actor, f FileLinks) bool {
	if f.Category == FileLogo || actor.IsAdmin() {
		return true
	}
	if actor.Link != nil && slices.Contains(f.Interviews, string(actor.Link.Interview.ID)) {
		return true
	}
	if !actor.IsUser() {
		return false
	}
	return f.UploadedBy != nil && *f.UploadedBy == actor.UserID ||
		slices.Contains(f.Recruiters, actor.UserID) || slices.Contains(f.Candidates, actor.UserID)
}
