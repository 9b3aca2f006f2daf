// Package groq is a simulated server for chat completions: Groq's by default, or
// one that answers as vLLM or Ollama do. It speaks the real wire, with its checks,
// its rate limits and its ways to fail, and its model does what the prompt it gets
// asks for, so that a wrong prompt shows in the answer.
//
// A Server is an http.Handler and goroutine-safe. It starts no goroutine; it is
// meant for loopback.
package groq
