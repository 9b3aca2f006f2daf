package local

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// What is looked for. The sonames are those of Debian 11 and newer; pocketsphinx
// 5, which has another interface, carries another one.
var (
	fliteLibraries  = []string{"libflite.so.1", "libflite_usenglish.so.1", "libflite_cmulex.so.1", "libflite_cmu_us_slt.so.1"}
	sphinxLibraries = []string{"libsphinxbase.so.3", "libpocketsphinx.so.3"}
	modelFiles      = []string{"en-us/mdef", "en-us/means", "en-us.lm.bin", "cmudict-en-us.dict"}
)

// modelPath is where Debian's pocketsphinx-en-us lies below a root.
const modelPath = "usr/share/pocketsphinx/model/en-us"

// places is where a machine keeps its speech software. Empty fields: not there.
type places struct {
	linker  []string // folders for LD_LIBRARY_PATH, in front of the linker's own
	model   string   // pocketsphinx model en-us
	flite   string   // flite program
	fliteAt string   // folder of libflite
	earsAt  string   // folder of libpocketsphinx
	lacks   []string // what is missing of all, by file name
}

// locate looks for the speech software: in the folders below system the dynamic
// linker searches by itself, in libDirs, and below the roots into which Debian
// packages were unpacked.
func locate(system string, roots, libDirs []string) places {
	var p places
	own := libDirs
	for _, root := range roots {
		for _, dir := range unpackedDirs(root) {
			if isDir(dir) {
				own = append(own[:len(own):len(own)], dir)
			}
		}
	}
	dirs := append(linkerDirs(system), own...)
	used := make(map[string]bool)
	need := func(names []string) string {
		at := ""
		for _, name := range names {
			at = find(dirs, name)
			if at == "" {
				p.lacks = append(p.lacks, name)
				return ""
			}
			used[at] = true
		}
		return at
	}
	p.fliteAt, p.earsAt = need(fliteLibraries), need(sphinxLibraries)
	for _, dir := range own {
		if used[dir] { // the libraries these depend on may lie in any of them
			p.linker = own
			break
		}
	}
	for _, root := range append([]string{system}, roots...) {
		if dir := filepath.Join(root, modelPath); hasModel(dir) {
			p.model = dir
			break
		}
	}
	if p.model == "" {
		p.lacks = append(p.lacks, "pocketsphinx model en-us")
	}
	p.flite, _ = exec.LookPath("flite")
	return p
}

// cacheRoot is the folder scripts/install-speech.sh unpacks packages into for a
// user who may not install them; "" when there is no home.
func cacheRoot() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(cache, "vantahire", "deb")
}

// triple is the folder name Debian gives an architecture; "" when unknown.
func triple() string {
	switch runtime.GOARCH {
	case "amd64":
		return "x86_64-linux-gnu"
	case "arm64":
		return "aarch64-linux-gnu"
	default:
		return ""
	}
}

// linkerDirs are the folders the dynamic linker searches: the environment's first.
func linkerDirs(system string) []string {
	var dirs []string
	for _, dir := range filepath.SplitList(os.Getenv("LD_LIBRARY_PATH")) {
		if dir != "" {
			dirs = append(dirs, dir)
		}
	}
	for _, dir := range []string{"usr/lib/" + triple(), "lib/" + triple(), "usr/local/lib", "usr/lib64", "lib64", "usr/lib", "lib"} {
		dirs = append(dirs, filepath.Join(system, dir))
	}
	return dirs
}

// unpackedDirs are the folders of libraries below a root of unpacked packages.
// blas and lapack are where an installation would have made a link.
func unpackedDirs(root string) []string {
	lib := filepath.Join(root, "usr/lib", triple())
	return []string{lib, filepath.Join(lib, "blas"), filepath.Join(lib, "lapack"), filepath.Join(root, "lib", triple())}
}

func find(dirs []string, name string) string {
	for _, dir := range dirs {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
			return dir
		}
	}
	return ""
}

func hasModel(dir string) bool {
	for _, name := range modelFiles {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// environment is the worker's: the parent's, with the folders of unpacked
// libraries where the dynamic linker looks first.
func (p places) environment(base []string) []string {
	if len(p.linker) == 0 {
		return base
	}
	const key = "LD_LIBRARY_PATH="
	path := strings.Join(p.linker, ":")
	env := make([]string, 0, len(base)+1)
	for _, kv := range base {
		if old, ok := strings.CutPrefix(kv, key); ok {
			if old != "" {
				path += ":" + old
			}
			continue
		}
		env = append(env, kv)
	}
	return append(env, key+path)
}

// arguments are the worker's, behind the subcommand.
func (p places) arguments() []string {
	var args []string
	if p.model != "" {
		args = append(args, "-model", p.model)
	}
	if p.flite != "" {
		args = append(args, "-flite", p.flite)
	}
	return args
}

// canSpeak and canHear say what a worker should be able to do with these.
func (p places) canSpeak() bool { return p.fliteAt != "" || p.flite != "" }
func (p places) canHear() bool  { return p.earsAt != "" && p.model != "" }
