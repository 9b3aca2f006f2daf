package assets

import "testing"

func TestTheFetchedWeightsAreEmbedded(t *testing.T) {
	t.Parallel()
	a, ok := Silero()
	if !ok {
		t.Fatal("assets/dist has no silero.f32: run `make assets` (or `go run ./assets/fetch`) before the tests")
	}
	a[0] ^= 0xff
	if b, _ := Silero(); b[0] == a[0] {
		t.Error("Silero returned the same memory twice, want a copy for each caller")
	}
}

func TestAMissingAssetIsNotThere(t *testing.T) {
	t.Parallel()
	if b, ok := read("no-such-file"); ok || len(b) != 0 {
		t.Errorf("read = %d bytes, %v; want none, false", len(b), ok)
	}
}
