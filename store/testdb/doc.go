// Package testdb gives each test a PostgreSQL database of its own with the whole
// schema, and a Redis. It is for tests only.
//
// One server serves all test processes of a user at once, so that only the first
// pays for its start (about two seconds) and a database costs some tens of
// milliseconds: a copy of a migrated template. The server runs in a process of
// its own, which is this test binary again, started in the package's init. It
// lives by file locks, which the kernel gives up however a process ends:
//
//   - every test process holds a shared lock on the file users; the server's
//     process ends when it could hold it alone for a while;
//   - starting a server is done under the lock start;
//   - the server itself dies with its process (package embedded).
//
// So nothing is left running after a kill -9 of anything. Everything is safe for
// use by parallel tests.
package testdb
