package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/vantahire/vantahire/actors"
	"github.com/vantahire/vantahire/actors/turn"
	"github.com/vantahire/vantahire/assets"
	"github.com/vantahire/vantahire/engine"
	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/vad"
	"github.com/vantahire/vantahire/media/wsaudio"
	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/local"
	"github.com/vantahire/vantahire/realtime"
	"github.com/vantahire/vantahire/store"
)

// openSpeech brings up speech without any account. What the machine lacks is
// said once, with the command that brings it; the rest works.
func (a *App) openSpeech(ctx context.Context) error {
	if a.cfg.Providers.LocalCalls == 0 {
		return nil
	}
	speech, err := local.NewSpeech(context.WithoutCancel(ctx), local.SpeechConfig{
		Command: a.SpeechCommand, MaxCalls: a.cfg.Providers.LocalCalls, Workers: a.cfg.Providers.SpeechWorkers, Logger: a.log,
	})
	if errors.Is(err, providers.ErrUnavailable) {
		a.log.Warn("local speech is not available: candidates type and read", "error", err)
		return nil
	}
	if err != nil {
		return err
	}
	a.speech = speech
	a.onClose("local speech", speech.Close)
	return nil
}

// openInterviews wires the live interviews.
func (a *App) openInterviews(ctx context.Context) error {
	cfg, err := a.callConfig()
	if err != nil {
		return err
	}
	a.owner = cfg.Owner
	if err := a.openHeartbeat(ctx, cfg.Owner); err != nil {
		return err
	}
	if a.engine, err = engine.New(engine.Config{Logger: a.log}); err != nil {
		return err
	}
	a.onClose("actors", a.engine.Shutdown)
	a.bus = realtime.NewBus()
	interviews := store.NewInterviews(a.pool)
	a.hiring = hiring.NewService(hiring.Repositories{
		Interviews: interviews, Book: interviews, Lists: interviews, Sessions: store.NewSessions(a.pool), Consents: store.NewConsents(a.pool), Users: store.NewUsers(a.pool),
	}, hiringPublisher{a.bus}, hiring.Options{
		FrontendURL: a.cfg.Server.FrontendURL, LinkTTL: a.cfg.Accounts.LinkTTL, TokenTTL: time.Duration(a.cfg.Accounts.InterviewTTLHours) * time.Hour,
		CountUse: a.openAccessCounter(store.NewSessions(a.pool)), Consent: hiring.ConsentPolicy(a.cfg.Voice.Consent), CheckPlan: checkPlan, Limits: a.limits, Log: a.log,
	})
	deps := actors.Deps{
		STT: a.stt, TTS: a.tts, Chat: a.chat, Spare: a.spare,
		Ledger: ledgerPort{a.ledger, a.orphans}, Journal: a.journal, Lifecycle: lifecyclePort{a.hiring, a.ledger, a.log}, Publisher: livePublisher{a.bus}, Log: a.log, Meter: a.meter,
	}
	if a.calls, err = actors.NewInterviews(a.engine, cfg, deps); err != nil {
		return err
	}
	a.onClose("interviews", a.calls.Close)
	return nil
}

// callConfig turns the settings into those of the live interview.
func (a *App) callConfig() (actors.Config, error) {
	t := turn.DefaultConfig()
	t.EndComplete = a.cfg.Turn.EndSilence
	t.EndUnsure, t.EndDangling = max(t.EndUnsure, t.EndComplete), max(t.EndDangling, t.EndComplete)
	t.GraceEach, t.GraceTotal = a.cfg.Turn.Grace, a.cfg.Turn.GraceTotal
	if err := t.Validate(); err != nil {
		return actors.Config{}, err
	}
	host, _ := os.Hostname()
	cfg := actors.Config{MaxCalls: a.cfg.Voice.MaxCalls, MaxTexts: a.cfg.Voice.MaxTexts, Budget: actors.Budget{Tokens: a.cfg.Providers.Tokens, Characters: a.cfg.Providers.Characters}, Owner: fmt.Sprintf("%s/%d/%s", host, os.Getpid(), uuid.NewString()), Turn: t}
	if a.cfg.Voice.VAD == "energy" {
		return cfg, nil
	}
	weights, fetched := assets.Silero()
	if !fetched {
		if a.cfg.Voice.VAD == "silero" {
			return cfg, errors.New("VANTAHIRE_VAD is silero, but its weights are not in this build; run make assets and build again, or use auto")
		}
		a.log.Warn("no voice detector weights in this build: the energy gate is used", "fix", "make assets")
		return cfg, nil
	}
	model, err := vad.LoadModel(weights)
	if err != nil {
		return cfg, fmt.Errorf("load voice detector: %w", err)
	}
	cfg.Model = model
	return cfg, nil
}

// livePublisher carries the live interviews' events to the bus.
type livePublisher struct{ bus *realtime.Bus }

// Publish hands an event to the followers of its interview.
func (p livePublisher) Publish(e actors.LiveEvent) {
	p.bus.Publish(realtime.Event{Topic: string(hiring.InterviewTopic(e.Interview)), Name: e.Name, Payload: e.Payload})
}

// hiringPublisher carries hiring's events to the bus.
type hiringPublisher struct{ bus *realtime.Bus }

// Publish hands an event to the followers of its topic.
func (p hiringPublisher) Publish(topic hiring.Topic, name string, payload any) {
	p.bus.Publish(realtime.Event{Topic: string(topic), Name: name, Payload: payload})
}

// lifecyclePort is hiring as the live interviews see it.
type lifecyclePort struct {
	*hiring.Service

	ledger *store.Ledger
	log    *slog.Logger
}

// Started moves the interview to IN_PROGRESS.
func (p lifecyclePort) Started(ctx context.Context, id interview.ID, at time.Time) error {
	err := p.Service.Started(ctx, id, at)
	if errors.Is(err, hiring.ErrConflict) || errors.Is(err, hiring.ErrNotFound) {
		return fmt.Errorf("%w: %w", actors.ErrNotActive, err)
	}
	return err
}

// Ended moves the interview on and seals its record. A seal that fails is made up
// for by the upkeep.
func (p lifecyclePort) Ended(ctx context.Context, id interview.ID, at time.Time, reason interview.EndReason) error {
	if err := p.Service.Ended(ctx, id, at, reason); err != nil || !reason.Final() {
		return err
	}
	if err := p.ledger.Seal(ctx, id); err != nil {
		p.log.Warn("record is not sealed yet", "interview", id, "error", err)
	}
	return nil
}

// callsPort is the live interviews as the edge sees them.
type callsPort struct{ *actors.Interviews }

// Connect brings a connection to its interview.
func (p callsPort) Connect(ctx context.Context, info actors.Info, t actors.Transport, typing bool) (wsaudio.Handler, error) {
	c, err := p.Interviews.Connect(ctx, info, t, typing)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// End ends a live interview for a reason from outside.
func (p callsPort) End(id interview.ID, reason interview.EndReason) error {
	return p.Interviews.End(id, reason)
}

var _ actors.RefusedEvents = (*store.RefusedError)(nil) // else one bad event would block every call
