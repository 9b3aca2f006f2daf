// Package jobs runs the work that nobody waits for: River's workers over the
// product's services, in the product's own database, so that a job is there exactly
// when the change that caused it is. Several processes share the work; a job of one
// that was killed runs again elsewhere within a minute or two, so every job must be
// harmless to run twice.
package jobs
