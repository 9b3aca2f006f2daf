// Package assets embeds the third-party data that the program uses but the
// repository does not hold. `make assets` (the program in assets/fetch) puts it
// into assets/dist before the build; a build without it works too, and each
// accessor then says that its asset is missing.
//
// All functions are safe for concurrent use; what they return is the caller's.
package assets
