// Package simulated holds what the simulated servers of speech and language
// providers share: delays as distributions, faults by schedule, and a journal of
// what was asked and billed. The servers themselves are in the folders below, one
// for each protocol. They speak the real wire over real sockets, so that a client
// can't tell the difference, and bind to loopback only.
package simulated
