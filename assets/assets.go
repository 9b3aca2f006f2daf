package assets

import "embed"

// dist holds at least its README. Files with a dot or underscore in front
// belong to the set ("all:"), so that what was fetched is what is embedded.
//
//go:embed all:dist
var dist embed.FS

// Silero returns the weights of the Silero voice activity model in the format
// that vad.LoadModel reads (975 KB), or false when they were not fetched before
// the build. Each call returns a copy.
func Silero() ([]byte, bool) { return read("silero.f32") }

// read returns one file of dist.
func read(name string) ([]byte, bool) {
	b, err := dist.ReadFile("dist/" + name)
	return b, err == nil
}
