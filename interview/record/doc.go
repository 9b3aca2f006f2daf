// Package record checks the stored record of an interview: that its events are all
// there, in order and unchanged, that the transcript is what they say, and that its
// seal is the right one. It needs nothing but the record, so that can be done far
// from the database.
//
// It is pure: no I/O but a given reader or writer, no clock, no goroutine. All
// functions are goroutine-safe. Texts of a record appear in no error and no report.
package record
