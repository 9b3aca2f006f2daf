package api

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
)

func (s *Server) fileRoutes() []declared {
	return []declared{
		s.streamed(http.MethodPost, "/files", accessAnybody.scope("files:write"), http.StatusCreated, "Upload a file", s.postFile).form("category", "purpose", "interviewId", "jobApplicationId").answers(reflect.TypeFor[uploadedFile]()),
		s.streamed(http.MethodGet, "/files/:id", accessAnybody.scope("files:read"), http.StatusOK, "Download a file", s.getFile),
		route(http.MethodDelete, "/files/:id", accessSession.scope("files:write"), http.StatusOK, "Delete a file", s.deleteFile),
		route(http.MethodGet, "/files/:id/signed", accessAnybody.scope("files:read"), http.StatusOK, "Make a URL that opens a file for a while", s.signFile),
		s.streamed(http.MethodPost, "/users/recruiter-profile/logo", accessRecruiter, http.StatusCreated, "Upload the company's logo", s.postLogo).form().answers(reflect.TypeFor[logoBody]()),
		route(http.MethodDelete, "/users/recruiter-profile/logo", accessRecruiter, http.StatusOK, "Take the company's logo away", s.deleteLogo),
		s.streamed(http.MethodPost, "/interviews/:id/files", accessLink, http.StatusCreated, "Upload a screenshot or document of an interview", s.postInterviewFile).form("type").answers(reflect.TypeFor[interviewFile]()),
		s.streamed(http.MethodPost, "/interviews/:id/resume", accessLink, http.StatusCreated, "Upload the candidate's resume", s.postInterviewResume).form().answers(reflect.TypeFor[resumeBody]()),
		route(http.MethodGet, "/interviews/:id/screenshots", accessRecruiter.scope("interviews:read"), http.StatusOK, "List an interview's screenshots", s.screenshots),
	}
}

// uploadedFile is the answer to an upload (contract section 2.12).
type uploadedFile struct {
	ID       string              `json:"id"`
	Name     string              `json:"name"`
	MimeType string              `json:"mimeType"`
	Size     int64               `json:"size"`
	Category hiring.FileCategory `json:"category" enum:"LOGO,RESUME,SCREENSHOT,DOCUMENT"`
	Purpose  hiring.Purpose      `json:"purpose"`
	URL      string              `json:"url"`
}

// postFile is POST /files. Who may not upload at all is told before his bytes are
// taken.
func (s *Server) postFile(w http.ResponseWriter, r *http.Request, actor hiring.Actor) error {
	if !actor.IsUser() && actor.Link == nil {
		w.Header().Set("Connection", "close")
		return hiring.Refuse(hiring.KindUnauthenticated, "Unauthorized")
	}
	ask := func(fields map[string]string) hiring.UploadRequest {
		return hiring.UploadRequest{Category: fields["category"], Purpose: fields["purpose"], InterviewID: fields["interviewId"], ApplicationID: fields["jobApplicationId"]}
	}
	f, p, err := s.receive(w, r, actor, ask)
	if err != nil {
		return err
	}
	return writeCreated(w, uploadedFile{f.ID, f.Name, f.MimeType, f.Size, f.Category, p.Purpose, s.services.Files.URL(f.ID)})
}

// receive takes a form and stores its file. ask says what the form's fields ask for.
func (s *Server) receive(w http.ResponseWriter, r *http.Request, actor hiring.Actor, ask func(map[string]string) hiring.UploadRequest) (hiring.File, hiring.Placement, error) {
	var category hiring.FileCategory
	u, err := s.takeUpload(w, r, func(fields map[string]string) (int64, error) {
		request := ask(fields) // what it names may still come
		category = hiring.FileCategory(request.Category)
		if category == "" {
			return s.services.Files.MaxSize(""), nil
		}
		return s.services.Files.MaxSize(category), hiring.AdmitUpload(actor, request.Category)
	})
	if errors.Is(err, errFileTooLarge) {
		err = hiring.TooLarge(s.services.Files.MaxSize(category))
	}
	if err != nil {
		return hiring.File{}, hiring.Placement{}, err
	}
	defer s.letGo(u)
	return s.store(r.Context(), actor, u, ask(u.fields))
}

func writeCreated(w http.ResponseWriter, body any) error {
	raw, err := marshal(body)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(raw)))
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(raw) // the client's leaving is not ours to report
	return nil
}

func (s *Server) deleteFile(ctx context.Context, r request[idIn]) (okBody, error) {
	return okBody{true}, s.services.Files.Delete(ctx, r.Actor, r.In.ID)
}

type signFileIn struct {
	ID        string `path:"id"`
	ExpiresIn string `query:"expiresIn"`
}

type signedURL struct {
	SignedURL string  `json:"signedUrl"`
	ExpiresAt instant `json:"expiresAt"`
}

// defaultSigned is what the pages ask for, in seconds (contract section 2.12).
const defaultSigned = 3600

func (s *Server) signFile(ctx context.Context, r request[signFileIn]) (signedURL, error) {
	life := time.Duration(countOr(r.In.ExpiresIn, defaultSigned)) * time.Second
	url, expires, err := s.services.Files.Signed(ctx, r.Actor, r.In.ID, life)
	return signedURL{url, instant(expires)}, err
}

type logoBody struct {
	LogoFileID string `json:"logoFileId"`
	URL        string `json:"url"`
}

func (s *Server) postLogo(w http.ResponseWriter, r *http.Request, actor hiring.Actor) error {
	f, _, err := s.receive(w, r, actor, func(map[string]string) hiring.UploadRequest {
		return hiring.UploadRequest{Category: string(hiring.FileLogo)}
	})
	if err != nil {
		return err
	}
	return writeCreated(w, logoBody{f.ID, s.services.Files.URL(f.ID)})
}

func (s *Server) deleteLogo(ctx context.Context, r request[struct{}]) (okBody, error) {
	return okBody{true}, s.services.Files.ClearLogo(ctx, r.Actor)
}

type interviewFile struct {
	GCSKey string `json:"gcsKey"` // its name is the client's
	ID     string `json:"id"`
	URL    string `json:"url"`
}

// ownLink refuses a link of another interview than the path's.
func ownLink(r *http.Request, actor hiring.Actor) error {
	if actor.Link == nil || string(actor.Link.Interview.ID) != r.PathValue("id") {
		return hiring.Refuse(hiring.KindForbidden, "Forbidden")
	}
	return nil
}

// postInterviewFile is POST /interviews/:id/files; its type is screenshot or
// document.
func (s *Server) postInterviewFile(w http.ResponseWriter, r *http.Request, actor hiring.Actor) error {
	if err := ownLink(r, actor); err != nil {
		return err
	}
	f, _, err := s.receive(w, r, actor, func(fields map[string]string) hiring.UploadRequest {
		switch fields["type"] {
		case "screenshot":
			return hiring.UploadRequest{Category: string(hiring.FileScreenshot), Late: true}
		case "document":
			return hiring.UploadRequest{Category: string(hiring.FileDocument), Late: true}
		}
		return hiring.UploadRequest{Category: fields["type"]}
	})
	if err != nil {
		return err
	}
	return writeCreated(w, interviewFile{"files/" + f.ID, f.ID, s.services.Files.URL(f.ID)})
}

type resumeBody struct {
	ResumeFileID string `json:"resumeFileId"`
}

func (s *Server) postInterviewResume(w http.ResponseWriter, r *http.Request, actor hiring.Actor) error {
	if err := ownLink(r, actor); err != nil {
		return err
	}
	f, _, err := s.receive(w, r, actor, func(map[string]string) hiring.UploadRequest {
		return hiring.UploadRequest{Category: string(hiring.FileResume)}
	})
	if err != nil {
		return err
	}
	return writeCreated(w, resumeBody{f.ID})
}

type screenshot struct {
	ID        string  `json:"id"`
	Name      string  `json:"name"`
	URL       string  `json:"url"`
	CreatedAt instant `json:"createdAt"`
}

// screenshotLife is how long a page may show what it has listed.
const screenshotLife = time.Hour

func (s *Server) screenshots(ctx context.Context, r request[idIn]) ([]screenshot, error) {
	row, err := s.services.Hiring.Owned(ctx, r.Actor, interview.ID(r.In.ID))
	if err != nil {
		return nil, err
	}
	files, err := s.services.Files.Screenshots(ctx, row.ID)
	return mapped(files, func(f hiring.File) screenshot {
		url, _ := s.services.Files.Sign(f.ID, screenshotLife)
		return screenshot{f.ID, f.Name, url, instant(f.CreatedAt)}
	}), err
}
