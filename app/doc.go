// Package app is the composition root: it alone knows every part. New builds the
// program from a configuration, Run serves until its context ends, Close stops
// everything in the reverse order, each step with a deadline. The serve command
// and the scenario tests use the same code.
package app
