// Package actors runs live interviews. Each interview is one actor whose mailbox
// gives everything that happens to it one order; it feeds the pure turn machine
// (actors/turn) and the pure plan (actors/plan) and carries out what they decide.
// Three children do the slow work under supervision: stt listens, llm writes, tts
// speaks. Beside them the store actor makes events durable, and the interviews
// actor, the root of all, admits calls and knows who is live.
//
// Interviews is goroutine-safe; all else belongs to the actor it was made for.
// Audio never passes through a mailbox: it flows connection -> media.Inbound ->
// stt goroutine and tts goroutine -> media.Playout -> media.Pacer -> connection.
package actors
