package class

import (
	"os"
	"runtime"
	"strconv"
	"strings"
)

// runnable is how many threads want a CPU now, and how many CPUs there are. In a container,
// too, it is of the whole machine (proc(5), /proc/loadavg: "0.20 0.18 0.12 1/80 11206").
func runnable() (threads, cpus int, known bool) {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0, 0, false
	}
	fields := strings.Fields(string(b))
	if len(fields) < 4 {
		return 0, 0, false
	}
	now, _, _ := strings.Cut(fields[3], "/")
	threads, err = strconv.Atoi(now)
	return threads, runtime.NumCPU(), err == nil
}
