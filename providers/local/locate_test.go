package local

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vantahire/vantahire/providers"
)

// plant makes empty files below a folder.
func plant(t *testing.T, root string, names ...string) {
	t.Helper()
	for _, name := range names {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// in puts names below a folder's path.
func in(dir string, names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = filepath.Join(dir, name)
	}
	return out
}

func TestLocateFindsWhatIsThere(t *testing.T) {
	lib := "usr/lib/" + triple()
	flite, sphinx, model := in(lib, fliteLibraries), in(lib, sphinxLibraries), in(modelPath, modelFiles)
	for name, tc := range map[string]struct {
		system, cache, own []string // files
		speak, hear        bool
		linker             []string // folders, below the cache unless "own"
	}{
		"nothing at all":                {},
		"all of it installed":           {system: slices.Concat(flite, sphinx, model), speak: true, hear: true},
		"all of it unpacked":            {cache: slices.Concat(flite, sphinx, model, []string{lib + "/blas/libblas.so.3"}), speak: true, hear: true, linker: []string{lib, lib + "/blas"}},
		"only the voice":                {system: flite, speak: true},
		"a recogniser without a model":  {system: sphinx},
		"half of a model":               {system: slices.Concat(sphinx, model[:1])},
		"the voice without its lexicon": {system: in(lib, []string{fliteLibraries[0], fliteLibraries[3]})},
		"libraries in a folder named":   {system: model, own: slices.Concat(fliteLibraries, sphinxLibraries), speak: true, hear: true, linker: []string{"own"}},
		"the system's go first":         {system: slices.Concat(flite, sphinx, model), cache: slices.Concat(flite, sphinx, model), speak: true, hear: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("PATH", "")
			t.Setenv("LD_LIBRARY_PATH", "")
			system, cache, own := t.TempDir(), t.TempDir(), t.TempDir()
			plant(t, system, tc.system...)
			plant(t, cache, tc.cache...)
			plant(t, own, tc.own...)
			p := locate(system, []string{cache}, []string{own})
			if p.canSpeak() != tc.speak || p.canHear() != tc.hear {
				t.Errorf("speaks %v, hears %v; want %v, %v (lacks %v)", p.canSpeak(), p.canHear(), tc.speak, tc.hear, p.lacks)
			}
			for _, c := range []Capability{p.speakCapability(), p.hearCapability()} {
				if c.Available == (c.Missing != "") || c.Available == (c.How == "") || c.Available == (c.Fix != "") {
					t.Errorf("capability %+v contradicts itself", c)
				}
			}
			var want []string
			if len(tc.linker) > 0 {
				want = []string{own}
			}
			for _, dir := range tc.linker {
				if dir != "own" {
					want = append(want, filepath.Join(cache, dir))
				}
			}
			if diff := cmp.Diff(want, p.linker); diff != "" {
				t.Errorf("folders for the linker (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheProgramFliteSpeaksWithoutTheLibrary(t *testing.T) {
	bin := t.TempDir()
	plant(t, bin, "flite")
	if err := os.Chmod(filepath.Join(bin, "flite"), 0o700); err != nil { //nolint:gosec // a program must be executable
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	p := locate(t.TempDir(), nil, nil)
	if c := p.speakCapability(); !c.Available || !strings.HasPrefix(c.How, "command ") || c.Fix == "" {
		t.Errorf("capability %+v, want the command and how to get the library", c)
	}
	if diff := cmp.Diff([]string{"-flite", filepath.Join(bin, "flite")}, p.arguments()); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
}

func TestTheWorkersLinkerLooksIntoUnpackedFoldersFirst(t *testing.T) {
	t.Parallel()
	p := places{linker: []string{"/a", "/b"}}
	got := p.environment([]string{"HOME=/home", "LD_LIBRARY_PATH=/c", "LANG=C"})
	if diff := cmp.Diff([]string{"HOME=/home", "LANG=C", "LD_LIBRARY_PATH=/a:/b:/c"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"HOME=/home"}, places{}.environment([]string{"HOME=/home"})); diff != "" {
		t.Errorf("installed libraries (-want +got):\n%s", diff)
	}
}

func TestWhatIsMissingIsNamedWithTheCommandThatBringsIt(t *testing.T) {
	t.Parallel()
	s := newSpeech(context.Background(), SpeechConfig{}, places{fliteAt: "/lib", lacks: []string{"libsphinxbase.so.3"}}, nil)
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	_, err := s.Transcriber().Open(t.Context(), providers.TranscribeOptions{})
	if !errors.Is(err, providers.ErrUnavailable) || retriable(err) {
		t.Fatalf("Open: %v, want unavailable for good", err)
	}
	for _, part := range []string{"libsphinxbase.so.3", "apt-get install", "scripts/install-speech.sh"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not name %s", err, part)
		}
	}
	if st := s.Status(); !st.Speak.Available || st.Hear.Available || st.Hear.Fix == "" {
		t.Errorf("status %+v, want a voice and no ear", st)
	}
}
