package class

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// availableMemory is what programs can still have without swapping, in bytes: of the
// machine (proc(5), MemAvailable), or of the control group where that bounds it
// (cgroups(7); version 2, or version 1).
func availableMemory() (available uint64, known bool) { return availableIn("/") }

// availableIn is availableMemory with the kernel's files below a folder.
func availableIn(root string) (available uint64, known bool) {
	available, known = field(filepath.Join(root, "proc/meminfo"), "MemAvailable:")
	available <<= 10 // KiB
	for _, group := range []struct{ dir, limit, used, cache string }{
		{"sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"},
		{"sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"},
	} {
		dir := filepath.Join(root, group.dir)
		limit, bounded := number(filepath.Join(dir, group.limit))
		used, told := number(filepath.Join(dir, group.used))
		if !bounded || !told || !known {
			continue
		}
		// Files that nobody has open are given back when memory is wanted: what kubelet
		// calls a working set leaves them out, too.
		cache, _ := field(filepath.Join(dir, "memory.stat"), group.cache)
		used -= min(cache, used)
		available = min(available, limit-min(used, limit))
	}
	return available, known
}

// field reads a number of a file that has a name and a number in each line; false where it
// has none of that name.
func field(path, name string) (uint64, bool) {
	f, err := os.Open(path)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if words := strings.Fields(lines.Text()); len(words) > 1 && words[0] == name {
			n, err := strconv.ParseUint(words[1], 10, 64)
			return n, err == nil
		}
	}
	return 0, false
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
