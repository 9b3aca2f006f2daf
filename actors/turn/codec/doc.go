// Package codec writes the events of a conversation as small JSON documents and
// reads them again, so that what the turn machine was told can be stored and its
// decisions can be replayed.
//
// A conversation has far more events than lines: hypotheses of recognition, onsets,
// timers. So the form is short: fields that say nothing are left out, moments are
// told from the event before, and a hypothesis from the one before it.
//
// It is pure, and all functions are goroutine-safe. Decode takes any bytes.
package codec
