// Package apptest runs the whole product on a database of its own, for tests that
// call it as its clients do. It is for tests only.
package apptest
