// Package store keeps everything in PostgreSQL: it implements the ports of
// package hiring (Interviews, Sessions, Consents, Users) and the ledger of live
// interviews, brings the schema up to date, and makes the Redis client.
//
// All values are safe for use by many goroutines. The repositories borrow a pool
// made by OpenPool, which the caller closes; a Ledger owns its own three
// connections, so that no other work can keep what is said from being stored.
// Every call blocks on the database until its ctx ends; times are UTC with
// millisecond precision.
package store
