// Package hiring holds the domain rules of the product around the live
// interview: interviews and their links, consent, users. It knows no HTTP and no
// SQL: what it needs from a database is declared in ports.go and implemented by
// package store.
//
// Values of this package are plain data, safe to copy; an implementation of a
// port is safe for use by many goroutines.
package hiring
