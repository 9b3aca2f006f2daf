// Package ledger is the writer of the record: one actor of the process that makes
// the events of all live interviews durable, in order, and says so to who handed
// them over. Only then is anybody told that a line is settled.
//
// It has four states:
//
//	direct    group commit: one batch is with the database, what comes meanwhile
//	          is the next one
//	spilling  the database refuses, or has not answered for a second: events go to
//	          the local journal (package store/journal) and are durable there
//	draining  the database answers again: the journal goes to it, oldest first,
//	          while new events still go to the journal, so that their order is kept
//	holding   neither takes events: they wait in memory and nobody is told that
//	          they are settled
//
//	direct -> spilling -> draining -> direct; holding beside spilling and draining
//
// What is in the journal when a process dies is replayed by Replay before the next
// one serves. An event is stored once however often it is tried, because its
// interview and number are its key. Events of an interview that another process
// has claimed meanwhile become late events: never dropped, never mixed up.
package ledger
