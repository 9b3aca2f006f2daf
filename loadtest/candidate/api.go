package candidate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/vantahire/vantahire/interview"
)

// API is the recruiter's side of a call: it creates the interview and reads the
// transcript, with the development key.
type API struct {
	Server string // origin
	Key    string
}

// apiTimeout and maxAnswer bound one request and its answer in bytes.
const (
	apiTimeout = 30 * time.Second
	maxAnswer  = 16 << 20
)

// Line is one line of the server's transcript.
type Line struct {
	Role        interview.Role `json:"role"`
	Content     string         `json:"content"`
	CreatedAt   time.Time      `json:"createdAt"`
	Seq         int64          `json:"seq"`
	Interrupted bool           `json:"interrupted"`
}

// Invitation opens an interview to its candidate.
type Invitation struct {
	Interview interview.ID
	Token     string
}

// Create makes a voice interview. plan may be nil.
func (a API) Create(ctx context.Context, role string, minutes int, consent string, plan json.RawMessage) (Invitation, error) {
	body := map[string]any{
		"candidateEmail": "candidate@example.com", "candidateName": "Command Line", "jobRole": role,
		"type": "VOICE", "timeLimitMinutes": minutes, "consentPolicy": consent,
	}
	if plan != nil {
		body["plan"] = plan
	}
	var row struct {
		ID       interview.ID `json:"id"`
		Sessions []struct {
			Token string `json:"token"`
		} `json:"sessions"`
	}
	if err := a.call(ctx, http.MethodPost, "/interviews", body, &row); err != nil {
		return Invitation{}, fmt.Errorf("create interview: %w", err)
	}
	if len(row.Sessions) == 0 {
		return Invitation{}, fmt.Errorf("create interview %s: the answer has no link", row.ID)
	}
	return Invitation{row.ID, row.Sessions[0].Token}, nil
}

// Transcript reads the lines of an interview.
func (a API) Transcript(ctx context.Context, id interview.ID) ([]Line, error) {
	var lines []Line
	if err := a.call(ctx, http.MethodGet, "/interviews/"+string(id)+"/transcript", nil, &lines); err != nil {
		return nil, fmt.Errorf("read transcript of %s: %w", id, err)
	}
	return lines, nil
}

// Status reads where the interview stands.
func (a API) Status(ctx context.Context, id interview.ID) (interview.Status, error) {
	var row struct {
		Status interview.Status `json:"status"`
	}
	if err := a.call(ctx, http.MethodGet, "/interviews/"+string(id), nil, &row); err != nil {
		return "", fmt.Errorf("read interview %s: %w", id, err)
	}
	return row.Status, nil
}

func (a API) call(ctx context.Context, method, path string, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, a.Server+path, reader)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+a.Key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return err
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%d %s", res.StatusCode, bytes.TrimSpace(raw))
	}
	return json.Unmarshal(raw, into)
}
