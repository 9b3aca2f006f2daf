// Package blob keeps what is too big for the database: recordings. An object is a
// key (see CheckKey), bytes that are written once as a whole, and a content type.
//
// Disk keeps objects in a folder and serves them itself under signed URLs, so that
// a browser uploads and plays a recording without passing through the API.
//
// All methods may be called by many goroutines. Whoever gets a reader closes it. One
// process at a time owns the folder of a Disk.
package blob
