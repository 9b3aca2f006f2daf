// Package blob keeps large objects, such as recordings, outside of the database:
// behind one interface, with URLs that are signed for one object, one use and a
// while, so that a browser sends and fetches them without the product's credentials.
//
// Disk keeps them in a folder of this machine. Everything here is goroutine-safe.
package blob
