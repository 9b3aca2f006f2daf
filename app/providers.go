package app

import (
	"context"
	"sync"
	"time"

	"github.com/vantahire/vantahire/actors"
	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/cartesia"
	"github.com/vantahire/vantahire/providers/chat"
	"github.com/vantahire/vantahire/providers/deepgram"
	"github.com/vantahire/vantahire/providers/fallback"
	"github.com/vantahire/vantahire/providers/local/interviewer"
)

// openProviders brings together who hears, words and speaks, each in order of
// preference: what there is a key for, then what needs no account. A provider that
// fails is left for the next one, and tried again in the background.
func (a *App) openProviders(context.Context) error {
	a.circuits = fallback.NewCircuits(a.log)
	a.onClose("provider probes", func(context.Context) error { a.circuits.Close(); return nil })
	a.openEars()
	a.openVoices()
	a.openModels()
	return nil
}

// circuit is a provider's, tried again in the background if it can be probed.
func (a *App) circuit(stage providers.Stage, name string, provider any) *fallback.Circuit {
	c := a.circuits.For(stage, name)
	if prober, can := provider.(fallback.Prober); can {
		a.circuits.Watch(c, prober)
	}
	return c
}

// openEars finds who hears.
func (a *App) openEars() {
	cfg := a.cfg.Providers
	var members []fallback.TranscriberMember
	add := func(p fallback.TranscriberProvider, name string) {
		members = append(members, fallback.TranscriberMember{Provider: p, Circuit: a.circuit(providers.StageSTT, name, p)})
	}
	if cfg.DeepgramKey != "" {
		add(deepgram.NewTranscriber(deepgram.ListenConfig{
			BaseURL: cfg.DeepgramURL, Key: cfg.DeepgramKey, Model: cfg.DeepgramListenModel, Logger: a.log,
		}), "deepgram")
	}
	if a.speech != nil {
		if status := a.speech.Status().Hear; status.Available {
			add(a.speech.Transcriber(), "local")
		} else if len(members) == 0 {
			a.log.Warn("no speech recognition: candidates type", "missing", status.Missing, "fix", status.Fix)
		}
	}
	if len(members) > 0 {
		a.stt = fallback.NewTranscriber(fallback.TranscriberConfig{}, members...)
	}
}

// openVoices finds who speaks: the voice that was asked for first, then the others.
func (a *App) openVoices() {
	cfg := a.cfg.Providers
	voices := map[string]fallback.VoiceProvider{}
	if cfg.DeepgramKey != "" {
		v := deepgram.NewSynthesizer(deepgram.SpeakConfig{
			URL: cfg.DeepgramURL, Key: cfg.DeepgramKey.Reveal(), Voice: cfg.DeepgramVoice, MaxSockets: cfg.DeepgramSpeakSockets, Log: a.log,
		})
		a.onClose("deepgram's voice", v.Close)
		voices["deepgram"] = v
	}
	if cfg.CartesiaKey != "" {
		v := cartesia.NewSynthesizer(cartesia.Config{
			BaseURL: cfg.CartesiaURL, Key: cfg.CartesiaKey.Reveal(), Model: cfg.CartesiaModel, VoiceID: cfg.CartesiaVoice, Contexts: cfg.CartesiaContexts, Logger: a.log,
		})
		a.onClose("cartesia's voice", v.Close)
		voices["cartesia"] = v
	}
	if a.speech != nil {
		if status := a.speech.Status().Speak; status.Available {
			voices["local"] = a.speech.Synthesizer()
		} else if len(voices) == 0 {
			a.log.Warn("no voice: candidates read", "missing", status.Missing, "fix", status.Fix)
		}
	}
	var members []fallback.VoiceMember
	for _, name := range voiceOrder(cfg.TTS, cfg.LowLatency) {
		v := voices[name]
		if v == nil {
			continue
		}
		members = append(members, fallback.VoiceMember{Provider: v, Circuit: a.circuit(providers.StageTTS, name, v)})
	}
	if len(members) > 0 {
		a.tts = fallback.NewSynthesizer(fallback.VoiceConfig{}, members...)
	}
}

// voiceOrder is the order of the voices: the preferred one first. The switch for
// low latency overrules the preference (contract section 10).
func voiceOrder(preferred string, lowLatency bool) []string {
	if lowLatency {
		preferred = "cartesia"
	}
	order := []string{}
	if preferred != "" {
		order = append(order, preferred)
	}
	for _, name := range []string{"deepgram", "cartesia", "local"} {
		if name != preferred {
			order = append(order, name)
		}
	}
	return order
}

// modelPatience bounds a model's own waits; those of the chain are tighter.
const modelPatience = 10 * time.Second

// openModels finds who words the interview. The interviewer that needs no model
// is the last resort of hosted ones, and the only one where there are none.
func (a *App) openModels() {
	cfg := a.cfg.Providers
	var (
		members []fallback.ChatMember
		checks  sync.WaitGroup
	)
	checking, stop := context.WithTimeout(context.Background(), modelPatience)
	a.onClose("model checks", func(context.Context) error { stop(); checks.Wait(); return nil })
	add := func(p chat.Profile) {
		client := chat.New(p, chat.Options{FirstToken: modelPatience, Live: 2 * a.cfg.Voice.MaxCalls})
		a.onClose("model "+p.Model, func(context.Context) error { client.Close(); return nil })
		checks.Go(func() {
			if err := client.CheckModel(checking); err != nil && checking.Err() == nil {
				a.log.Warn("a language model may not be usable", "provider", p.Name, "model", p.Model, "error", err)
			}
		})
		members = append(members, fallback.ChatMember{Provider: client, Circuit: a.circuit(providers.StageLLM, p.Name+" "+p.Model, client)})
	}
	if cfg.GroqKey != "" {
		for _, model := range []string{cfg.GroqModel, cfg.GroqSpareModel} {
			if model == "" {
				continue
			}
			p := chat.Groq(cfg.GroqKey.Reveal())
			p.BaseURL, p.Model = cfg.GroqURL, model
			add(p)
		}
	}
	if cfg.ChatURL != "" {
		add(chatProfile(cfg.ChatProfile, cfg.ChatURL, cfg.ChatKey.Reveal(), cfg.ChatModel))
	}
	scripted := interviewer.New(interviewer.Config{})
	a.spare = scripted
	if len(members) == 0 {
		a.chat = scripted
		return
	}
	members = append(members, fallback.ChatMember{Provider: scripted, Circuit: a.circuits.For(providers.StageLLM, "local"), LastResort: true})
	a.chat = fallback.NewChat(fallback.ChatConfig{Losses: &a.losses}, members...)
}

// chatProfile is how a server of the common protocol wants to be asked.
func chatProfile(kind, url, key, model string) chat.Profile {
	p := chat.OpenAI(key, model)
	switch kind {
	case "groq":
		p = chat.Groq(key)
	case "vllm":
		p = chat.VLLM(url, model)
	case "ollama":
		p = chat.Ollama(url, model)
	}
	p.BaseURL, p.Key, p.Model = url, key, model
	return p
}

var (
	_ actors.Transcriber = (*fallback.Transcriber)(nil)
	_ actors.Synthesizer = (*fallback.Synthesizer)(nil)
	_ actors.Chat        = (*fallback.Chat)(nil)
)
