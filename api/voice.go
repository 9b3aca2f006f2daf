package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/actors"
	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceproto"
	"github.com/vantahire/vantahire/media/wsaudio"
)

const (
	// voiceSetup bounds what the database is asked for before a call begins.
	voiceSetup = 5 * time.Second
	// retryWhenFull is what a refused candidate's client is told to wait, in
	// seconds: long enough for a call to end, short enough to stay at the door.
	retryWhenFull = 30
	// retryWhenAway is the same while the database is away: restarts take seconds.
	retryWhenAway = 2
)

// errDatabaseAway indicates that the database was needed and did not answer.
var errDatabaseAway = errors.New("the database does not answer")

// Texts of contract section 6.
const (
	textTokenRequired = "Interview token required"
	textTokenInvalid  = "Invalid or expired interview token"
)

// Texts for candidates who may try again.
const (
	textFull    = "All interview rooms are busy. Please try again shortly."
	textResumed = "The interview is being resumed. Please try again shortly."
	textAway    = "The interview can't be reached right now. Please try again shortly."
)

// voice is GET /voice/:interviewId (contract section 6): the checks before the
// upgrade, those after it, the consent, and then the call.
func (s *Server) voice(w http.ResponseWriter, r *http.Request) {
	access, known, err := s.authorise(r.Context(), interviewToken(r))
	var refusal hiring.Refusal
	switch {
	case errors.Is(err, hiring.ErrTokenRequired):
		writeError(w, http.StatusUnauthorized, textTokenRequired)
		return
	case errors.Is(err, hiring.ErrInterviewExpired): // told after the upgrade
	case errors.As(err, &refusal):
		writeError(w, http.StatusUnauthorized, textTokenInvalid)
		return
	case err != nil:
		s.log.Warn("voice call can't be authorised", "request", r.Header.Get(headerRequestID), "error", err)
		writeTryAgain(w, errDatabaseAway)
		return
	}
	row := access.Interview
	if string(row.ID) != r.PathValue("interviewId") {
		writeError(w, http.StatusUnauthorized, textTokenInvalid)
		return
	}
	if !websocket.IsWebSocketUpgrade(r) {
		writeError(w, http.StatusNotFound, errNotFoundRoute.message)
		return
	}
	if !s.originAllowed(r) {
		writeError(w, http.StatusForbidden, "Forbidden")
		return
	}
	code := unfit(row)
	if code == 0 {
		err := s.admitsCall(r.Context(), row, known)
		if err == nil {
			err = s.services.Calls.Admits(r.Context(), row.ID)
		}
		if err != nil {
			writeTryAgain(w, err)
			return
		}
	}
	ws, err := wsaudio.NewUpgrader(s.originAllowed).Upgrade(w, r, http.Header{headerRequestID: r.Header[headerRequestID]})
	if err != nil {
		return // the upgrader has answered
	}
	conn := wsaudio.New(ws, wsaudio.Config{Log: s.log.With("interview", row.ID)})
	if code != 0 {
		conn.Close(code, voiceproto.CloseReason(code))
		_ = conn.Run(context.WithoutCancel(r.Context()), silent{})
		return
	}
	g := &gate{server: s, access: access, known: known, conn: conn, typing: r.URL.Query().Get("typing") != ""}
	s.serveCall(context.WithoutCancel(r.Context()), g)
}

// standing is what is known about a candidate beside the database's answer.
type standing struct {
	in   bool // was let into this interview, which is live here, consent given
	away bool // the database did not answer
}

// authorise asks the database about a token. A candidate who was let into an
// interview that is live here comes back into it while the database is away; what
// it refuses is refused.
func (s *Server) authorise(ctx context.Context, token string) (hiring.Access, standing, error) {
	before, in := s.accepted.find(token)
	in = in && s.services.Calls.IsLive(before.Interview.ID)
	wait := voiceSetup
	if in {
		wait = acceptedWait
	}
	within, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	access, err := s.services.Hiring.Authorise(within, token)
	switch {
	case errors.As(err, new(hiring.Refusal)):
		s.accepted.forget(token)
		return access, standing{}, err
	case err != nil && in:
		s.log.Warn("candidate comes back without the database", "interview", before.Interview.ID, "error", err)
		return before, standing{in: true, away: true}, nil
	}
	return access, standing{in: in}, err
}

// tryAgain is what a candidate is told whose interview can't be held now, and when
// to ask again, in whole seconds. Zero seconds: asking again does not help.
func tryAgain(err error) (text string, seconds int) {
	var elsewhere *interview.OwnedElsewhereError
	switch {
	case errors.As(err, &elsewhere):
		return textResumed, max(1, int((elsewhere.RetryAfter+time.Second-1)/time.Second))
	case errors.Is(err, actors.ErrFull), errors.Is(err, actors.ErrClosed):
		return textFull, retryWhenFull
	case errors.Is(err, errDatabaseAway):
		return textAway, retryWhenAway
	case errors.Is(err, hiring.ErrMaintenance):
		return hiring.ErrMaintenance.Text, retryWhenFull
	}
	return "", 0
}

// writeTryAgain refuses a candidate before the upgrade.
func writeTryAgain(w http.ResponseWriter, err error) {
	text, seconds := tryAgain(err)
	if seconds == 0 { // nothing else is known about it
		text, seconds = textFull, retryWhenFull
	}
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	writeError(w, http.StatusServiceUnavailable, text)
}

// unfit is the close code for an interview that can't be held by voice now; 0
// when it can.
func unfit(row hiring.Interview) int {
	switch {
	case row.Type != interview.ModeVoice:
		return voiceproto.CloseInvalidInterview
	case row.Status != interview.StatusPending && row.Status != interview.StatusInProgress:
		return voiceproto.CloseNotActive
	}
	return 0
}

// serveCall runs one connection to its end.
func (s *Server) serveCall(ctx context.Context, g *gate) {
	conn := g.conn
	if !s.sockets.add(g) {
		conn.Close(voiceproto.CloseGoingAway, voiceproto.CloseReason(voiceproto.CloseGoingAway))
		_ = conn.Run(ctx, silent{})
		return
	}
	defer s.sockets.remove(g)
	g.open(ctx)
	if err := conn.Run(ctx, g); err != nil {
		s.log.Debug("voice connection ended", "interview", g.access.Interview.ID, "error", err)
	}
}

// interviewToken: the header wins over the query (contract section 1.2).
func interviewToken(r *http.Request) string {
	if t := r.Header.Get("X-Interview-Token"); t != "" {
		return t
	}
	return r.URL.Query().Get("token")
}

// originAllowed keeps other sites' pages from opening a socket with a candidate's
// token. Programs send no Origin.
func (s *Server) originAllowed(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || origin == s.cfg.FrontendURL || origin == s.cfg.APIURL {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && !s.cfg.Production && u.Host == r.Host
}

// silent ignores what a connection that is being closed still sends.
type silent struct{}

func (silent) OnAudio([]byte)                     {}
func (silent) OnMessage(voiceproto.ClientMessage) {}
func (silent) OnClosed(int, error)                {}

// connect brings the connection to its interview.
func (s *Server) connect(ctx context.Context, row hiring.Interview, conn *wsaudio.Conn, typing bool) (wsaudio.Handler, error) {
	info, err := s.services.Describe(row)
	if err != nil {
		return nil, err
	}
	return s.services.Calls.Connect(ctx, info, conn, typing)
}
