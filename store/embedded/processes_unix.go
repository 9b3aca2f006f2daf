//go:build unix && !linux

package embedded

import (
	"context"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// psLimit bounds one call of ps.
const psLimit = 5 * time.Second

// serverProcesses is the server with the given pid if its command line names the
// cluster. Without /proc its workers can't be told from those of other servers,
// so the answer is never certain.
func serverProcesses(cluster string, pid int) (pids []int, certain bool) {
	ctx, cancel := context.WithTimeout(context.Background(), psLimit)
	defer cancel()
	out, err := exec.CommandContext(ctx, "ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output() //nolint:gosec // a number
	if err != nil {
		return nil, false
	}
	if line := string(out); strings.Contains(line, "postgres") && strings.Contains(line, cluster) {
		return []int{pid}, false
	}
	return nil, false
}
