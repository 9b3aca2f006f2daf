//go:build !linux

package local

import (
	"os"
	"syscall"
)

// attributes are the system's own: a worker ends when its input does.
func attributes() *syscall.SysProcAttr { return nil }

func killGroup(p *os.Process) { _ = p.Kill() }
