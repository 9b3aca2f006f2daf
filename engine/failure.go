package engine

import (
	"errors"
	"fmt"
	"runtime/debug"
)

var (
	// ErrStopped indicates that the system or the actor has been told to stop.
	// It is also the cause of a stopped actor's context.
	ErrStopped = errors.New("actor stopped")
	// ErrDuplicate indicates that a living actor has the id already.
	ErrDuplicate = errors.New("actor id is taken")
	// ErrStopTimeout indicates that something had not ended by the deadline of
	// a stop. It was abandoned: cancelled, counted, logged, no longer waited for.
	ErrStopTimeout = errors.New("not stopped in time")
	// ErrInvalidSpec indicates a spec that can't be spawned.
	ErrInvalidSpec = errors.New("invalid actor spec")

	errNoBehavior = errors.New("spec's New returned no behavior")
	errUnnamed    = errors.New("declared broken without a cause")
)

// Gen counts the lives of a role under one parent, from 1. A generation is never
// used twice, so a late message of an earlier life can be told apart.
type Gen uint32

// Failure reports the end of one actor instance by its own fault. It is the
// cause of that actor's context.
type Failure struct {
	Role  string
	ID    string
	Gen   Gen
	Err   error  // a *PanicError, or what was handed to Fail
	Stack []byte // of a panic; nil for a declared failure
}

// Error names the actor and what broke it.
func (f Failure) Error() string { return fmt.Sprintf("actor %s failed: %v", f.ID, f.Err) }

// Unwrap gives the cause.
func (f Failure) Unwrap() error { return f.Err }

// PanicError reports a recovered panic.
type PanicError struct {
	Value any
	Stack []byte // of the panicking goroutine, as runtime/debug.Stack prints it
}

// Error gives the panic's value, without the stack.
func (p *PanicError) Error() string { return fmt.Sprintf("panic: %v", p.Value) }

// Unwrap gives the panic's value if it is an error.
func (p *PanicError) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// protect runs fn and turns its panic into a *PanicError. Everything of an actor
// that runs outside its mailbox passes here.
func (s *System) protect(fn func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = s.panicked(v)
		}
	}()
	return fn()
}

// panicked counts a recovered panic and captures its stack. It must be called
// by the deferred function that recovered it.
func (s *System) panicked(v any) *PanicError {
	s.counts.panics.Add(1)
	return &PanicError{Value: v, Stack: debug.Stack()}
}
