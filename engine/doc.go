// Package engine is the actor runtime of a live interview. It runs typed actors
// on Hollywood's mailboxes and adds what those lack: bounded offers, panics that
// reach the parent instead of the process, supervision in a window with backoff,
// owned goroutines and timers, and stops that have a deadline. It is the only
// package that imports Hollywood.
//
// # The model
//
// An actor is a [Behavior] that handles one message at a time and never blocks:
// its Receive decides, owned goroutines ([Ctx.Go]) do the work and report back
// by one message. Everybody else holds a [Ref] and tells ([Ref.Tell], unbounded,
// for the few control messages of a turn) or offers ([Ref.Offer], bounded, for
// producers that can outrun the actor; a refusal is the caller's to handle).
// Messages of one sender arrive in their order. There is no priority lane: what
// must overtake queued messages is a context's cancel func.
//
// # Ownership
//
// The System owns the root actors, a parent its children, an actor its
// goroutines and timers; each owner ends what it owns and waits for it. Contexts
// form the same tree, so the end of an actor reaches all work below it at once,
// with a cause that says why.
//
// # Failure
//
// A panic in an actor's code, or [Ctx.Fail] and [Child.Fail], ends that instance:
// its queue is dropped (counted), its context is cancelled, its children and
// goroutines are ended and its Stopped hook runs, once. A child is then replaced
// under a new generation by its [Policy], which runs in the parent's own
// sequence of messages; a root reports to [Spec.OnFailure]. An instance is never
// restarted in place, and Hollywood's own restart never fires.
//
// # Goroutine safety
//
// System, Ref and Child are safe for concurrent use. A Ctx belongs to its actor:
// it is used inside Receive and Started only, and never kept by a goroutine;
// what it hands out (Ref, context, Timer, cancel func) may be. An idle actor owns
// no goroutine, so inside a testing/synctest bubble Wait returns when every
// mailbox is drained.
package engine
