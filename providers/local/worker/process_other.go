//go:build !linux

package worker

import (
	"io"
	"syscall"
)

// giveWay does nothing: only Linux is tuned.
func giveWay() {}

// ownOutput trusts that nothing else prints: no C library is loaded here.
func ownOutput(w io.Writer) (io.Writer, error) { return w, nil }

// dieWithParent has no equivalent here: a child ends when its pipe does.
func dieWithParent() *syscall.SysProcAttr { return nil }
