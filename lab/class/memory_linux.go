package class

import (
	"bufio"
	"os"
	"strconv"
	"strings"
)

// availableMemory is what programs can still have without swapping, in bytes: of the
// machine (proc(5), MemAvailable), or of the control group where that bounds it
// (cgroups(7); version 2, or version 1).
func availableMemory() (available uint64, known bool) {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "MemAvailable:"); ok {
			kb, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			available, known = kb<<10, err == nil
		}
	}
	for _, files := range [][2]string{
		{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"},
		{"/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"},
	} {
		limit, bounded := number(files[0])
		used, _ := number(files[1])
		if bounded && known {
			available = min(available, limit-min(used, limit))
		}
	}
	return available, known
}

// number reads a file of one number; false where it has none, as "max".
func number(path string) (uint64, bool) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 64)
	return n, err == nil
}
