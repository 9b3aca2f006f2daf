package deepgramtts

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/vantahire/vantahire/providers/simulated"
)

// refusal is an HTTP answer that is no success.
type refusal struct {
	status        int
	code, message string
	retryAfter    int
}

var (
	badKey    = refusal{status: http.StatusUnauthorized, code: "INVALID_AUTH", message: "Invalid credentials."}
	noMoney   = refusal{status: http.StatusPaymentRequired, code: "ASR_PAYMENT_REQUIRED", message: "Project does not have enough credits for an ASR request and does not have an overage agreement."}
	noRights  = refusal{status: http.StatusForbidden, code: "INSUFFICIENT_PERMISSIONS", message: "User does not have sufficient permissions."}
	tooMany   = refusal{status: http.StatusTooManyRequests, code: "TOO_MANY_REQUESTS", message: "Too Many Requests"}
	tooLong   = refusal{status: http.StatusRequestEntityTooLarge, code: "Payload Too Large", message: "Input text exceeds maximum character limit of 2000."}
	tooBig    = refusal{status: http.StatusRequestEntityTooLarge, code: "PAYLOAD_TOO_LARGE", message: "Payload exceeds the maximum size of 2 MB."}
	noText    = refusal{status: http.StatusBadRequest, code: "Bad Request", message: "Input text is empty."}
	badText   = refusal{status: http.StatusBadRequest, code: "PAYLOAD_ERROR", message: "Failed to read the request's payload."}
	badType   = refusal{status: http.StatusUnsupportedMediaType, code: "UNSUPPORTED_MEDIA_TYPE", message: "Content-Type must be application/json or text/plain."}
	notServed = refusal{status: http.StatusServiceUnavailable, code: "SERVICE_UNAVAILABLE", message: "The service is temporarily unavailable."}
)

// scripted is the refusal a fault asks for.
func scripted(f ConnectFault) refusal {
	r := refusal{status: f.Status, code: "INTERNAL_SERVER_ERROR", message: http.StatusText(f.Status)}
	for _, known := range []refusal{badKey, noMoney, noRights, tooMany, notServed} {
		if known.status == f.Status {
			r = known
		}
	}
	r.retryAfter = f.RetryAfter
	return r
}

// refuse answers in the shape of the service. The 503 has another name for its
// code.
func (s *Server) refuse(w http.ResponseWriter, n int, id string, r refusal) {
	s.Journal.Add(simulated.Entry{Conn: n, Kind: "refuse", Detail: strconv.Itoa(r.status) + " " + r.code})
	name := "err_code"
	if r.status == http.StatusServiceUnavailable {
		name = "error_code"
	}
	body, err := json.Marshal(map[string]string{name: r.code, "err_msg": r.message, "request_id": id})
	if err != nil {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("dg-error", r.message)
	w.Header().Set("dg-request-id", id)
	if r.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(r.retryAfter))
	}
	w.WriteHeader(r.status)
	_, _ = w.Write(body) // who asked may be gone
}

// authorised reports whether a request brings a key that counts.
func (s *Server) authorised(r *http.Request) bool {
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "token") && !strings.EqualFold(scheme, "bearer") {
		return false
	}
	return key != "" && (len(s.cfg.Keys) == 0 || slices.Contains(s.cfg.Keys, key))
}
