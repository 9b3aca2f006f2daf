// Package embedded runs the program's own servers on a machine that has none: a
// private PostgreSQL with its own data directory, reached only through a unix
// socket in a private folder, and an in-process Redis.
//
// A Postgres or Redis is owned by whoever started it, who must stop it; its
// methods are safe for use by many goroutines. The database process is tied to
// this one: on Linux it is shut down when this process is killed, elsewhere the
// next start stops it. One process at a time uses a data directory.
//
// The data directory (mode 0700) holds
//
//	lock     held by the running program; says its pid and socket folder
//	cluster  what initdb made; renamed into place when it is complete
package embedded
