//go:build unix && !linux

package child

import "syscall"

// attributes puts the child in its own group. There is no parent-death signal
// outside Linux: who starts a server must look for an older one first.
func attributes(as *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: as}
}
