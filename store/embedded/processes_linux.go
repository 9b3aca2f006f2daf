package embedded

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// serverProcesses lists the live PostgreSQL processes that work in the cluster:
// each has it as its working directory. certain says that none can be missing
// except processes of users we have no rights over.
func serverProcesses(cluster string, _ int) (pids []int, certain bool) {
	real, err := filepath.EvalSymlinks(cluster)
	if err != nil {
		return nil, false
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, false
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if cwd, err := os.Readlink("/proc/" + e.Name() + "/cwd"); err != nil || cwd != real {
			continue // gone, a zombie, or somebody else's
		}
		if comm, err := os.ReadFile("/proc/" + e.Name() + "/comm"); err == nil && strings.HasPrefix(string(comm), "postgres") {
			pids = append(pids, pid)
		}
	}
	return pids, true
}
