package worker

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"
)

// politeness is how much lower than the server's this process's priority is, so
// that recognition never delays a 20 ms frame while the machine has other work.
const politeness = 5

// giveWay lowers the priority of every thread. Linux keeps it per thread; new ones
// inherit it from the thread that makes them, so all that exist now are changed.
func giveWay() {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, politeness)
		return
	}
	for _, t := range threads {
		if id, err := strconv.Atoi(t.Name()); err == nil {
			_ = syscall.Setpriority(syscall.PRIO_PROCESS, id, politeness)
		}
	}
}

// ownOutput keeps standard output for frames alone: what a C library prints there
// goes to standard error from now on.
func ownOutput(w io.Writer) (io.Writer, error) {
	out, ok := w.(*os.File)
	if !ok || out.Fd() != 1 {
		return w, nil
	}
	own, err := syscall.Dup(1)
	if err != nil {
		return nil, fmt.Errorf("duplicate standard output: %w", err)
	}
	syscall.CloseOnExec(own)
	if err := syscall.Dup3(2, 1, 0); err != nil {
		return nil, fmt.Errorf("redirect standard output: %w", err)
	}
	return os.NewFile(uintptr(own), "speech frames"), nil
}

// dieWithParent ends a child when the thread that started it does.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
