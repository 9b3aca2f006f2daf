// Package journal keeps events on the local disk while the database does not take
// them. What Append has stored survives a kill of the process and a loss of power.
//
// A journal lives in a folder of slots: subfolders 1, 2, ... Each process takes the
// first slot that nobody holds, by a lock that the kernel gives back with the
// process, so that several processes of one machine can share the folder. A slot
// has an instance: an id made once, which stays over restarts. Who holds a slot's
// lock knows that its earlier holder is dead.
//
// # Files
//
// A slot's files are 00000001.journal, 00000002.journal, ...; read in the order of
// their numbers they are the journal. A file is text: a header, then records, each
// with an empty line before it. Header and record have one form:
//
//	8 hex digits, the CRC-32C of the JSON | a space | JSON without a line feed | LF
//
// A file takes records until it has 8 MiB, or until anything fails on it: what a
// failed fsync left in the page cache can't be trusted, and no later fsync tells.
// Every start begins a new file too. The header says up to where earlier files
// that were given up are good, as that may not be true of their ends.
//
// # What can be wrong with them
//
// A last line without its line end, in the newest file, is what a crash leaves of
// a record that was never acknowledged. It is cut off and counted as torn. Any
// other fault is damage to something that was stored: it costs the record it is in
// and no other (the empty lines see to it that a lost line end joins nothing), is
// counted and reported as an error, and its file is kept for ever under a name that
// ends in .damaged once the rest of it was released. A complete last line with a
// wrong checksum counts as damage as well: a false alarm after a loss of power is
// cheaper than a line lost in silence. Files that are none of these are left alone.
//
// # Use
//
// All methods may be called by many goroutines. Append waits for the disk; Read and
// Release do not wait for it, except that a Release which empties the journal waits
// for the Append under way. There should be one reader: Release counts from where
// the last Read began.
package journal
