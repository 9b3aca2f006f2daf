// Package architecture holds what no compiler checks: which package may import
// which, how long a file may be, and that the deployment files fit the program.
// It has tests only.
package architecture
