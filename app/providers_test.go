package app

import (
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vantahire/vantahire/media/voiceproto"
	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/fallback"
)

func TestWhichVoiceIsAskedFirst(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		preferred  string
		lowLatency bool
		want       string
	}{
		"nothing is said":                        {"", false, "deepgram cartesia local"},
		"cartesia is preferred":                  {"cartesia", false, "cartesia deepgram local"},
		"local speech is preferred":              {"local", false, "local deepgram cartesia"},
		"low latency forces cartesia":            {"", true, "cartesia deepgram local"},
		"low latency overrules the preference":   {"deepgram", true, "cartesia deepgram local"},
		"low latency beside the same voice":      {"cartesia", true, "cartesia deepgram local"},
		"deepgram is preferred, as it is anyway": {"deepgram", false, "deepgram cartesia local"},
	} {
		if got := voiceOrder(c.preferred, c.lowLatency); !slices.Equal(got, strings.Fields(c.want)) {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

func TestAServerOfOnesOwnIsAskedAsItWants(t *testing.T) {
	t.Parallel()
	for kind, field := range map[string]string{"openai": "", "groq": "", "vllm": "", "ollama": "max_tokens"} {
		p := chatProfile(kind, "http://127.0.0.1:1/v1", "key", "mine")
		if p.BaseURL != "http://127.0.0.1:1/v1" || p.Key != "key" || p.Model != "mine" || field != "" && p.TokenField != field {
			t.Errorf("%s: %+v", kind, p)
		}
	}
}

func TestWhatCallsDoIsCounted(t *testing.T) {
	t.Parallel()
	m, circuits := newMeter(), fallback.NewCircuits(nil)
	defer circuits.Close()
	r := prometheus.NewRegistry()
	m.register(r)
	r.MustRegister(circuitCollector{circuits})
	m.Turn(voiceproto.Stages{voiceproto.StageTotal: 700, voiceproto.StageSentenceToAudio: 200})
	m.Spent(providers.StageLLM, 100)
	m.Wasted(providers.StageTTS, 7)
	m.Apology()
	m.Degraded(providers.StageSTT)
	circuits.For(providers.StageTTS, "deepgram").Failed(providers.ErrUnavailable)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]float64{}
	for _, f := range families {
		for _, metric := range f.GetMetric() {
			name := f.GetName()
			for _, l := range metric.GetLabel() {
				name += " " + l.GetValue()
			}
			found[name] = metric.GetCounter().GetValue() + metric.GetGauge().GetValue() + metric.GetHistogram().GetSampleSum()
		}
	}
	for name, want := range map[string]float64{
		"vantahire_turn_stage_seconds total": .7, "vantahire_turn_stage_seconds sentenceToAudio": .2, "vantahire_provider_spent_total llm": 100, "vantahire_provider_spent_total tts": 0,
		"vantahire_provider_wasted_total tts": 7, "vantahire_apologies_total": 1, "vantahire_degraded_total stt": 1, "vantahire_degraded_total tts": 0,
		"vantahire_provider_resting deepgram tts": 1, "vantahire_provider_failures_total deepgram tts": 1,
	} {
		if got, there := found[name]; !there || got < want-.001 || got > want+.001 {
			t.Errorf("%s is %v (there: %t), want %v; all: %v", name, got, there, want, found)
		}
	}
}
