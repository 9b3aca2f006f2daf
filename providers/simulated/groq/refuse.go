package groq

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/vantahire/vantahire/providers/simulated"
)

// refusal is an answer that is no success.
type refusal struct {
	status           int
	message, kind    string
	code, param      string
	retryAfter       time.Duration
	html             bool
	failedGeneration string
}

func (s *Server) wrongKey() refusal {
	return refusal{status: http.StatusUnauthorized, message: "Invalid API Key", kind: "invalid_request_error", code: "invalid_api_key"}
}

func invalid(param, format string, args ...any) refusal {
	return refusal{status: http.StatusBadRequest, message: fmt.Sprintf(format, args...), kind: "invalid_request_error", param: param}
}

// planned makes the refusal of a fault.
func (f Fault) planned(model string) refusal {
	r := refusal{status: f.Status, kind: "invalid_request_error", retryAfter: f.RetryAfter}
	switch f.Status {
	case http.StatusBadRequest:
		r.message, r.code = "Bad request.", "bad_request"
		if f.Code == "json_validate_failed" {
			r.message, r.failedGeneration = "Failed to generate JSON. Please adjust your prompt.", `{"score": `
		}
	case http.StatusUnauthorized:
		r.message, r.code = "Invalid API Key", "invalid_api_key"
	case http.StatusPaymentRequired:
		r.message, r.code = "The account has no credit.", "insufficient_quota"
	case http.StatusForbidden:
		r.message, r.code = "The project has no access to the model.", "model_permission_blocked_project"
	case http.StatusNotFound:
		r.message, r.code = missing(model), "model_not_found"
	case http.StatusRequestEntityTooLarge:
		r.message, r.kind, r.code = "Request too large for model `"+model+"`.", "tokens", "rate_limit_exceeded"
	case http.StatusTooManyRequests:
		r.message, r.kind, r.code = "Rate limit reached for model `"+model+"`.", "tokens", "rate_limit_exceeded"
		if f.Wait > 0 {
			r.message += " Please try again in " + f.Wait.String() + ". Need more tokens? Upgrade."
		}
	case 498:
		r.message, r.kind, r.code = "Flex tier capacity exceeded.", "flex", "capacity_exceeded"
	case http.StatusBadGateway:
		r.html = true
	default:
		r.message, r.kind = http.StatusText(f.Status), "internal_server_error"
	}
	if f.Code != "" {
		r.code = f.Code
	}
	return r
}

func missing(model string) string {
	return "The model `" + model + "` does not exist or you do not have access to it."
}

// errorBody is the error in the words of the server's kind.
func (s *Server) errorBody(r refusal) any {
	switch s.cfg.Kind {
	case VLLM:
		if r.status == http.StatusUnauthorized {
			return map[string]any{"error": "Unauthorized"}
		}
		kind := "BadRequestError"
		switch {
		case r.status == http.StatusNotFound:
			kind = "NotFoundError"
		case r.status >= 500:
			kind = "InternalServerError"
		}
		return map[string]any{"object": "error", "message": r.message, "type": kind, "param": nil, "code": r.status}
	case Ollama:
		if r.status == http.StatusNotFound {
			return map[string]any{"error": map[string]any{"message": "model not found, try pulling it first", "type": "not_found_error", "param": nil, "code": nil}}
		}
		return map[string]any{"error": map[string]any{"message": r.message, "type": "api_error", "param": nil, "code": nil}}
	case Groq:
	}
	body := map[string]any{"message": r.message, "type": r.kind}
	for name, value := range map[string]string{"code": r.code, "param": r.param, "failed_generation": r.failedGeneration} {
		if value != "" {
			body[name] = value
		}
	}
	return map[string]any{"error": body}
}

// refuse answers with a refusal and notes it.
func (s *Server) refuse(w http.ResponseWriter, number int, r refusal) {
	s.Journal.Add(simulated.Entry{Conn: number, Kind: "refused", Detail: strconv.Itoa(r.status) + " " + r.code})
	if s.cfg.Kind == Groq {
		s.limits.tell(w.Header(), s.cfg.Now())
	}
	if r.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(r.retryAfter.Seconds()))))
	}
	if r.html {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(r.status)
		_, _ = fmt.Fprintf(w, "<html><head><title>%d Bad Gateway</title></head><body><h1>Bad gateway</h1></body></html>", r.status)
		return
	}
	reply(w, r.status, s.errorBody(r))
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that left needs no answer
}
