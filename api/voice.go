package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceproto"
	"github.com/vantahire/vantahire/media/wsaudio"
)

const (
	// voiceSetup bounds what the database is asked for before a call begins.
	voiceSetup = 5 * time.Second
	// retryWhenFull is what a refused candidate's client is told to wait: long
	// enough for a call to end, short enough to stay at the door.
	retryWhenFull = "30"
)

// Texts of contract section 6.
const (
	textTokenRequired = "Interview token required"
	textTokenInvalid  = "Invalid or expired interview token"
)

// voice is GET /voice/:interviewId (contract section 6): the checks before the
// upgrade, those after it, the consent, and then the call.
func (s *Server) voice(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), voiceSetup)
	defer cancel()
	access, err := s.services.Hiring.Authorise(ctx, interviewToken(r))
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
		s.log.Error("voice call can't be authorised", "request", r.Header.Get(headerRequestID), "error", err)
		writeError(w, http.StatusInternalServerError, "Internal server error")
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
		if err := s.services.Calls.Admits(row.ID); err != nil {
			w.Header().Set("Retry-After", retryWhenFull)
			writeError(w, http.StatusServiceUnavailable, "All interview rooms are busy. Please try again shortly.")
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
	s.serveCall(context.WithoutCancel(r.Context()), access, conn, r.URL.Query().Get("typing") != "")
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
func (s *Server) serveCall(ctx context.Context, access hiring.Access, conn *wsaudio.Conn, typing bool) {
	g := &gate{server: s, access: access, conn: conn, typing: typing}
	if !s.sockets.add(g) {
		conn.Close(voiceproto.CloseGoingAway, voiceproto.CloseReason(voiceproto.CloseGoingAway))
		_ = conn.Run(ctx, silent{})
		return
	}
	defer s.sockets.remove(g)
	g.open(ctx)
	if err := conn.Run(ctx, g); err != nil {
		s.log.Debug("voice connection ended", "interview", access.Interview.ID, "error", err)
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
