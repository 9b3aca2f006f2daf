// Package configs is the program's configuration: one documented struct tree, set
// by environment variables, checked once at the start. A wrong value stops the
// start with the key, the value and the fix; all faults are told at once.
// example.env beside this file is the commented reference of every key.
//
// A Config is a plain value: it starts nothing and reads nothing after Load.
package configs

//go:generate go test -run ^TestExampleIsTheStructWithItsComments$ -count 1 . -update
