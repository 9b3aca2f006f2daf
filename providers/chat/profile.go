package chat

import "strings"

// Profile is one model on one server, and how that server differs from others.
type Profile struct {
	Name    string // for errors and metrics: "groq"
	BaseURL string // with the version, such as https://api.groq.com/openai/v1
	Key     string // sent as a bearer token; "" = none
	Model   string
	// TokenField is the name of the bound of the answer; "" =
	// max_completion_tokens.
	TokenField string
	// Headroom is added to that bound, in tokens: a reasoning model spends part of
	// it before its first word.
	Headroom int
	// SendTemperature is false for models that refuse any but their own.
	SendTemperature bool
	// Reasoning is merged into the body: how much the model thinks before it
	// speaks.
	Reasoning map[string]any
	// IncludeUsage asks for the usage at the end of a stream.
	IncludeUsage bool
	// OneSystem puts the instruction into the first message: the chat templates of
	// some models take no system message behind it.
	OneSystem bool
	// ExtraBody is merged into the body; it can't replace the model, the messages
	// or the form of the answer.
	ExtraBody map[string]any
	Headers   map[string]string
}

// The defaults of the ready profiles. Models are retired with a few weeks' notice:
// the configuration names them.
const (
	GroqURL   = "https://api.groq.com/openai/v1"
	GroqModel = "openai/gpt-oss-120b"
	OpenAIURL = "https://api.openai.com/v1"
)

// reasoningHeadroom is what gpt-oss models think at low effort, with room to spare.
const reasoningHeadroom = 256

// Groq is the profile of Groq's cloud with its model for conversation: little
// reasoning, and none of it in the answer.
func Groq(key string) Profile {
	return Profile{
		Name: "groq", BaseURL: GroqURL, Key: key, Model: GroqModel, SendTemperature: true, IncludeUsage: true,
		Reasoning: map[string]any{"reasoning_effort": "low", "include_reasoning": false}, Headroom: reasoningHeadroom,
	}
}

// OpenAI is the profile of OpenAI's cloud. Its reasoning models refuse a
// temperature, so none is sent; set SendTemperature for the others.
func OpenAI(key, model string) Profile {
	return Profile{Name: "openai", BaseURL: OpenAIURL, Key: key, Model: model, IncludeUsage: true, Headroom: reasoningHeadroom}
}

// VLLM is the profile of a vLLM server, such as http://host:8000/v1. The
// temperature is always sent: the server may have other defaults than one expects.
func VLLM(url, model string) Profile {
	return Profile{Name: "vllm", BaseURL: url, Model: model, TokenField: "max_tokens", SendTemperature: true, IncludeUsage: true}
}

// Ollama is the profile of an Ollama server, such as http://localhost:11434/v1.
// Its first answer loads the model: call Probe and Complete once before the first
// interview.
func Ollama(url, model string) Profile {
	return Profile{Name: "ollama", BaseURL: url, Key: "ollama", Model: model, TokenField: "max_tokens", SendTemperature: true, IncludeUsage: true}
}

func (p Profile) withDefaults() Profile {
	p.BaseURL = strings.TrimRight(p.BaseURL, "/")
	if p.Name == "" {
		p.Name = "chat"
	}
	if p.TokenField == "" {
		p.TokenField = "max_completion_tokens"
	}
	return p
}
