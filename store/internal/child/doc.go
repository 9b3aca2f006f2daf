// Package child runs a server process that belongs to this process and ends with
// it, also when this process is killed.
//
// A Process is owned by whoever started it, who must wait for Done; its methods
// are safe for use by many goroutines.
package child
