package groq

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/vantahire/vantahire/providers/simulated"
)

// complete answers a completion.
func (s *Server) complete(w http.ResponseWriter, r *http.Request) {
	number := int(s.number.Add(1))
	fault := s.Faults.Take(time.Now())
	if fault.Reset {
		panic(http.ErrAbortHandler)
	}
	if !s.authorized(r) {
		s.refuse(w, number, s.wrongKey())
		return
	}
	q, refused := s.read(w, r)
	if fault.Status != 0 {
		s.refuse(w, number, fault.planned(q.Model))
		return
	}
	if refused != nil {
		s.refuse(w, number, *refused)
		return
	}
	s.mu.Lock()
	s.last = q
	s.mu.Unlock()
	a := s.think(q, fault)
	if s.cfg.Kind == Groq {
		if refused := s.admit(q, a); refused != nil {
			s.refuse(w, number, *refused)
			return
		}
		s.limits.tell(w.Header(), s.cfg.Now())
		w.Header().Set("x-groq-id", requestID(number))
	}
	out := &writer{server: s, w: w, ctx: r.Context(), q: q, fault: fault, answer: a, number: number}
	defer s.bill(out) // also when the connection is cut on purpose
	switch {
	case fault.Mute:
		<-out.ctx.Done()
	case q.Stream && !fault.WholeJSON:
		out.stream()
	default:
		out.answerNow()
	}
}

// bill notes what was written, also when the client left.
func (s *Server) bill(out *writer) {
	e := simulated.Entry{Conn: out.number, Kind: "completion", Detail: out.q.String(), Billed: out.answer.prompt + out.written}
	if out.ctx.Err() != nil && !out.complete {
		e.Kind = "cancelled"
	}
	s.limits.spend(s.cfg.Now(), out.written)
	s.Journal.Add(e)
}

// admit asks the limits.
func (s *Server) admit(q request, a answer) *refusal {
	switch got := s.limits.admit(s.cfg.Now(), a.prompt); {
	case got.tooLarge:
		return &refusal{
			status: http.StatusRequestEntityTooLarge, kind: "tokens", code: "rate_limit_exceeded",
			message: fmt.Sprintf("Request too large for model `%s` on tokens per minute (TPM): Limit %d, Requested %d.", q.Model, s.cfg.TokensPerMinute, a.prompt),
		}
	case got.kind != "":
		limit := s.cfg.TokensPerMinute
		if got.kind == "requests" {
			limit = s.cfg.RequestsPerDay
		}
		return &refusal{
			status: http.StatusTooManyRequests, kind: got.kind, code: "rate_limit_exceeded", retryAfter: got.wait,
			message: fmt.Sprintf("Rate limit reached for model `%s`: Limit %d, Used %d, Requested %d. Please try again in %s.",
				q.Model, limit, got.used, a.prompt, got.wait.Round(time.Millisecond)),
		}
	}
	return nil
}

func requestID(number int) string { return fmt.Sprintf("req_%06x", number) }

// wait lets time pass; false when the client left.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
