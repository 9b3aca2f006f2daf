// Package outage holds calls while what they stand on is taken away: the server is
// killed, the database stopped, the disk full, another process takes over. It works
// from outside on the built program, with its own databases and simulated providers,
// and checks afterwards that no line that anybody was told of is lost or doubled.
//
// The pieces are a Server (a child process), a Database (a private PostgreSQL whose
// processes can be stopped and killed), a Candidate who comes back whatever happens,
// and Check, which compares what candidates were told with what is stored. The
// scenarios are this package's tests: short ones by default, long ones by flags
// (`make soak`). Each prints its figures in lines that begin with "figure:".
package outage
