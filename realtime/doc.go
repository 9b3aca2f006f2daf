// Package realtime carries live events to those who follow along: recruiters who
// watch a call, candidates' pages. A Bus is goroutine-safe. Publishing never
// blocks: a follower that does not keep up is dropped, never waited for.
package realtime
