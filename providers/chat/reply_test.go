package chat

import (
	"strings"
	"testing"

	"github.com/vantahire/vantahire/providers/simulated/groq"
)

func TestAReplyIsStreamed(t *testing.T) {
	t.Parallel()
	c, server := setup(t, quick(), Options{})
	text, usage, err := hear(t, c, conversation())
	whole(t, text, err)
	if usage.Estimated || usage.Prompt < 20 || usage.Completion < 10 {
		t.Errorf("the usage is %+v", usage)
	}
	if got := server.Journal.Billed("completion"); got != usage.Prompt+usage.Completion {
		t.Errorf("billed %d, told %+v", got, usage)
	}
	body := server.LastBody()
	messages := body["messages"].([]any)
	roles := ""
	for _, m := range messages {
		roles += m.(map[string]any)["role"].(string) + " "
	}
	if roles != "system assistant user system " {
		t.Errorf("the messages are of %s", roles)
	}
	if body["max_completion_tokens"] != 220.0+reasoningHeadroom || body["reasoning_effort"] != "low" || body["temperature"] != .7 {
		t.Errorf("the request is %v", body)
	}
	if st := c.Stats(); st.Replies != 1 || st.Requests != 1 || st.Live != 0 || st.Limits.LimitTokens == 0 {
		t.Errorf("the counters are %+v", st)
	}
	if c.Name() != "groq" {
		t.Errorf("the name is %s", c.Name())
	}
}

func TestOneClientServesSeveralServers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		kind    groq.Kind
		profile func(url string) Profile
		model   string
	}{
		"Groq":   {groq.Groq, func(url string) Profile { p := Groq(testKey); p.BaseURL = url + "/"; return p }, GroqModel},
		"OpenAI": {groq.Groq, func(url string) Profile { p := OpenAI(testKey, GroqModel); p.BaseURL = url; return p }, GroqModel},
		"vLLM": {groq.VLLM, func(url string) Profile {
			p := VLLM(url, "Qwen/Qwen3-8B")
			p.OneSystem = true
			p.Key = testKey
			return p
		}, "Qwen/Qwen3-8B"},
		"Ollama": {groq.Ollama, func(url string) Profile { return Ollama(url, "qwen3:8b") }, "qwen3:8b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := quick()
			cfg.Kind, cfg.Models = tc.kind, []string{tc.model}
			c, server := setup(t, cfg, Options{}, func(p *Profile) { *p = tc.profile(strings.Replace(p.BaseURL, "/openai", "", 1)) })
			text, usage, err := hear(t, c, conversation())
			whole(t, text, err)
			if usage.Estimated {
				t.Error("the usage is a guess")
			}
			if err := c.Probe(t.Context()); err != nil {
				t.Error(err)
			}
			if err := c.CheckModel(t.Context()); err != nil {
				t.Error(err)
			}
			_, sent := server.LastBody()["temperature"]
			if sent == (name == "OpenAI") {
				t.Errorf("temperature sent: %t", sent)
			}
		})
	}
}
