package deepgramstt

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/vantahire/vantahire/providers/simulated"
)

// refusal is an HTTP answer to a handshake.
type refusal struct {
	status     int
	code       string
	message    string
	retryAfter string
}

var (
	badKey    = refusal{status: http.StatusUnauthorized, code: "INVALID_AUTH", message: "Invalid credentials."}
	tooMany   = refusal{status: http.StatusTooManyRequests, code: "TOO_MANY_REQUESTS", message: "Too many requests. Please try again later."}
	notFound  = refusal{status: http.StatusNotFound, code: "NOT_FOUND", message: "Not Found"}
	noUpgrade = refusal{status: http.StatusBadRequest, code: "Bad Request", message: "Expected a WebSocket handshake."}
)

func badQuery(message string) *refusal {
	return &refusal{status: http.StatusBadRequest, code: "Bad Request", message: message}
}

// refuse answers a handshake with the body and the headers Deepgram uses.
func (s *Server) refuse(w http.ResponseWriter, n int, id string, r refusal) {
	s.Journal.Add(simulated.Entry{Conn: n, Kind: "refuse", Detail: strconv.Itoa(r.status) + " " + r.code + ": " + r.message})
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Dg-Request-Id", id)
	h.Set("Dg-Error", r.message)
	if r.retryAfter != "" {
		h.Set("Retry-After", r.retryAfter)
	}
	w.WriteHeader(r.status)
	_ = json.NewEncoder(w).Encode(map[string]string{"err_code": r.code, "err_msg": r.message, "request_id": id})
}
