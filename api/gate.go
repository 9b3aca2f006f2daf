package api

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceproto"
	"github.com/vantahire/vantahire/media/wsaudio"
)

// gate stands between a candidate's connection and the interview: until there is
// a consent it lets nothing through, so nothing is dialled, heard or stored.
// Its handler methods are called by the connection's reader goroutine.
type gate struct {
	server *Server
	access hiring.Access
	known  standing
	conn   *wsaudio.Conn
	typing bool
	hello  *voiceproto.Hello // said before the consent; the reader's own
	ctx    context.Context   //nolint:containedctx // of the connection, which the gate belongs to

	mu    sync.Mutex
	call  wsaudio.Handler // nil before the consent
	timer *time.Timer     // ends the wait for it
}

// open lets the candidate in, or asks for the consent first.
func (g *gate) open(ctx context.Context) {
	g.ctx = ctx
	s := g.server
	setup, cancel := context.WithTimeout(ctx, voiceSetup)
	defer cancel()
	given, err := g.askDatabase(setup)
	switch {
	case err != nil:
		g.fail(err)
	case given:
		g.enter(setup, g.access.Interview)
	default:
		g.ask()
		g.mu.Lock()
		g.timer = time.AfterFunc(s.cfg.ConsentWait, func() {
			g.conn.Close(voiceproto.CloseFlood, "Consent was not given")
		})
		g.mu.Unlock()
	}
}

// askDatabase counts the use of the link and reports whether there is a consent.
// A candidate who is in already has given it.
func (g *gate) askDatabase(ctx context.Context) (consent bool, err error) {
	s, row := g.server, g.access.Interview
	if g.known.away {
		return true, nil
	}
	if g.known.in {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, acceptedWait)
		defer cancel()
	}
	if err := s.services.Hiring.Touch(ctx, g.access); err != nil {
		s.log.Warn("use of a link was not counted", "interview", row.ID, "error", err)
	}
	given, err := s.services.Hiring.ConsentGiven(ctx, row)
	switch {
	case err != nil && g.known.in:
		s.log.Warn("candidate comes back without the database", "interview", row.ID, "error", err)
		return true, nil
	case err != nil:
		return false, away(err)
	}
	return given, nil
}

// away marks an error of the database as one that passes; its answers stay as
// they are.
func away(err error) error {
	if errors.Is(err, hiring.ErrNotFound) || errors.Is(err, hiring.ErrConflict) {
		return err
	}
	return fmt.Errorf("%w: %w", errDatabaseAway, err)
}

func (g *gate) ask() {
	g.conn.Send(voiceproto.ConsentRequired{Version: hiring.ConsentVersion, Text: hiring.ConsentText})
}

// enter connects to the interview, as its row is now.
func (g *gate) enter(ctx context.Context, row hiring.Interview) {
	call, err := g.server.connect(ctx, row, g.conn, g.typing)
	if err != nil {
		g.fail(err)
		return
	}
	g.server.accepted.keep(g.access)
	g.mu.Lock()
	g.call = call
	g.mu.Unlock()
	if g.hello != nil {
		call.OnMessage(*g.hello)
	}
}

// fail closes a connection that can't be served now.
func (g *gate) fail(err error) {
	g.server.log.Warn("voice call refused", "interview", g.access.Interview.ID, "error", err)
	code := voiceproto.CloseInternal
	if text, seconds := tryAgain(err); seconds > 0 {
		code = voiceproto.CloseTryAgain
		g.conn.Send(voiceproto.Error{Message: text, Code: voiceproto.CodeOverloaded, Retry: true})
	}
	g.conn.Close(code, voiceproto.CloseReason(code))
}

func (g *gate) entered() wsaudio.Handler {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.call
}

// OnAudio passes audio on; what comes before the consent is dropped unheard.
func (g *gate) OnAudio(pcm []byte) {
	if call := g.entered(); call != nil {
		call.OnAudio(pcm)
	}
}

// OnMessage passes messages on, and before the consent looks for it alone.
func (g *gate) OnMessage(m voiceproto.ClientMessage) {
	if call := g.entered(); call != nil {
		call.OnMessage(m)
		return
	}
	switch m := m.(type) {
	case voiceproto.Ping:
		g.conn.Send(voiceproto.Pong{})
	case voiceproto.Hello:
		g.typing, g.hello = g.typing || m.Typing, &m
	case voiceproto.Consent:
		if m.Version != hiring.ConsentVersion {
			g.ask() // the text has changed since the client showed it
			return
		}
		g.agreed()
	case voiceproto.End:
		g.conn.Close(voiceproto.CloseCompleted, "")
	default:
	}
}

func (g *gate) agreed() {
	ctx, cancel := context.WithTimeout(g.ctx, voiceSetup)
	defer cancel()
	if err := g.server.services.Hiring.GiveConsent(ctx, g.access.Interview); err != nil {
		g.fail(away(err))
		return
	}
	// Its recruiter may have changed it while the candidate was reading.
	row, err := g.server.services.Hiring.Present(ctx, g.access)
	if err != nil {
		g.fail(away(err))
		return
	}
	g.stopTimer()
	g.enter(ctx, row)
}

func (g *gate) stopTimer() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.timer != nil {
		g.timer.Stop()
	}
}

// OnClosed tells the interview.
func (g *gate) OnClosed(code int, err error) {
	g.stopTimer()
	if call := g.entered(); call != nil {
		call.OnClosed(code, err)
	}
}

// link says by which link this connection was opened.
func (g *gate) link() hiring.LiveLink {
	return linkOf(g.access)
}

// cut ends the call because its link or its interview has ended elsewhere.
func (g *gate) cut(reason interview.EndReason) {
	if g.entered() != nil {
		if err := g.server.services.Calls.End(g.access.Interview.ID, reason); err == nil {
			return
		}
	}
	code := voiceproto.CloseNotActive
	if reason == interview.EndRevoked {
		code = voiceproto.CloseRevoked
	}
	g.conn.Close(code, voiceproto.CloseReason(code))
}
