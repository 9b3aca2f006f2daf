package rest

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of processor time in /proc, the same on every Linux machine.
const clockTick = 10 * time.Millisecond

// Process is a process of this machine whose use of it is read from /proc.
type Process int

// Memory is what the process holds now, and the most since the last Forget, in bytes.
func (p Process) Memory() (now, peak int64, err error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", int(p)))
	if err != nil {
		return 0, 0, err
	}
	for line := range bytes.Lines(raw) {
		fields := strings.Fields(string(line))
		if len(fields) != 3 {
			continue
		}
		kib, _ := strconv.ParseInt(fields[1], 10, 64)
		switch fields[0] {
		case "VmRSS:":
			now = kib << 10
		case "VmHWM:":
			peak = kib << 10
		}
	}
	if now == 0 {
		return 0, 0, fmt.Errorf("process %d does not tell its memory", int(p))
	}
	return now, peak, nil
}

// Forget begins a new peak of memory. It needs the process to be this user's.
func (p Process) Forget() error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", int(p)), []byte("5"), 0)
}

// CPU is the processor time of the process since its start, user and system.
func (p Process) CPU() (time.Duration, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", int(p)))
	if err != nil {
		return 0, err
	}
	// The name in parentheses may hold anything; behind it fields are counted from the
	// third.
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	const user, system = 14 - 3, 15 - 3
	if len(fields) <= system {
		return 0, fmt.Errorf("process %d does not tell its processor time", int(p))
	}
	var ticks int64
	for _, field := range []string{fields[user], fields[system]} {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * clockTick, nil
}

// Machine is the processor time that all processes of this machine have used since
// its start. Beside the server's own it says what its database, this client and
// whoever else is running took.
func Machine() (time.Duration, error) {
	raw, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	fields := strings.Fields(line) // cpu user nice system idle iowait irq softirq steal guest..
	const idle, iowait, guest = 4, 5, 9
	if len(fields) <= iowait || fields[0] != "cpu" {
		return 0, fmt.Errorf("the machine does not tell its processor time")
	}
	var ticks int64
	for i, field := range fields {
		if i == 0 || i == idle || i == iowait || i >= guest { // guests count as user already
			continue
		}
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * clockTick, nil
}

// used is the processor time of a process and of the whole machine.
type used struct{ process, machine time.Duration }

func (p Process) used() (u used, err error) {
	if u.process, err = p.CPU(); err == nil {
		u.machine, err = Machine()
	}
	return u, err
}
