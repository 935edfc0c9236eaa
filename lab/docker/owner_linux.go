package docker

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// thisProcess identifies the running process.
func thisProcess() (owner, error) {
	machine, err := os.ReadFile("/etc/machine-id")
	if err != nil {
		// A container may have none. Its runs are never swept then, since
		// nobody could say whose they are; the reaper needs no name.
		machine = nil
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return owner{}, err
	}
	namespace, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return owner{}, err
	}
	start, ok := startTime(os.Getpid())
	if !ok {
		return owner{}, fmt.Errorf("/proc/%d/stat: no start time", os.Getpid())
	}
	return owner{
		machine: strings.TrimSpace(string(machine)), boot: strings.TrimSpace(string(boot)),
		namespace: namespace, pid: os.Getpid(), start: start,
	}, nil
}

// startTime returns when a process was started, false if there is none. A
// zombie has ended.
func startTime(pid int) (uint64, bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false
	}
	return parseStat(stat)
}

// parseStat reads field 22 of proc_pid_stat(5). Field 2, the command's name,
// may itself hold spaces and parentheses: the fields are counted from its end.
func parseStat(stat []byte) (uint64, bool) {
	_, rest, ok := cutLast(stat, ')')
	fields := bytes.Fields(rest)
	if !ok || len(fields) < 20 || string(fields[0]) == "Z" {
		return 0, false
	}
	start, err := strconv.ParseUint(string(fields[19]), 10, 64)
	if err != nil { // of a number that is too large ParseUint returns the largest as well
		return 0, false
	}
	return start, true
}

func cutLast(b []byte, sep byte) (before, after []byte, found bool) {
	if i := bytes.LastIndexByte(b, sep); i >= 0 {
		return b[:i], b[i+1:], true
	}
	return nil, nil, false
}
