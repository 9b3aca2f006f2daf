// Package chat is a client for chat completions as Groq, OpenAI, vLLM, Ollama and
// others serve them. A Profile says in what the servers differ. A Client serves
// many interviews at once and is goroutine-safe; a stream belongs to the one
// goroutine that reads it.
//
// Each reply owns one goroutine, which reads the answer into a bounded queue. It
// ends with the reply, with the context the reply was opened with, or with Close.
package chat
