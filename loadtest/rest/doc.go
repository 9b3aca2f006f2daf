// Package rest measures a running server's REST API: how many reads it answers and
// how soon, how early it refuses bodies that are too large, and how much memory it
// takes meanwhile. Requests are written as bytes on connections that are kept, so
// that what is measured is the server and not its client, which shares the machine.
//
// Everything here may be used by many goroutines, but a connection belongs to one.
package rest
