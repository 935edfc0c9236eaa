package class

import (
	"os"
	"path/filepath"
	"testing"
)

// What is available is the machine's, or what the control group leaves, without the cache
// that it gives back.
func TestAvailableMemory(t *testing.T) {
	const machine = "MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    500 kB\n"
	for _, test := range []struct {
		name  string
		files map[string]string
		want  uint64 // bytes
		known bool
	}{
		{"the machine's", map[string]string{"proc/meminfo": machine}, 500 << 10, true},
		{"nothing is known", nil, 0, false},
		{"an old kernel", map[string]string{"proc/meminfo": "MemTotal: 1000 kB\n"}, 0, false},
		{"no bound", map[string]string{"proc/meminfo": machine, "sys/fs/cgroup/memory.max": "max\n", "sys/fs/cgroup/memory.current": "7\n"}, 500 << 10, true},
		{"a bound", map[string]string{"proc/meminfo": machine, "sys/fs/cgroup/memory.max": "200000\n", "sys/fs/cgroup/memory.current": "50000\n"}, 150000, true},
		{"a bound with cache", map[string]string{"proc/meminfo": machine, "sys/fs/cgroup/memory.max": "200000\n", "sys/fs/cgroup/memory.current": "190000\n",
			"sys/fs/cgroup/memory.stat": "anon 40000\nfile 140000\ninactive_file 100000\n"}, 110000, true},
		{"more than the machine has", map[string]string{"proc/meminfo": machine, "sys/fs/cgroup/memory.max": "900000000\n", "sys/fs/cgroup/memory.current": "1\n"}, 500 << 10, true},
		{"used up", map[string]string{"proc/meminfo": machine, "sys/fs/cgroup/memory.max": "100\n", "sys/fs/cgroup/memory.current": "120\n"}, 0, true},
		{"version 1", map[string]string{"proc/meminfo": machine, "sys/fs/cgroup/memory/memory.limit_in_bytes": "200000\n", "sys/fs/cgroup/memory/memory.usage_in_bytes": "190000\n",
			"sys/fs/cgroup/memory/memory.stat": "inactive_file 1\ntotal_inactive_file 100000\n"}, 110000, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			for name, text := range test.files {
				path := filepath.Join(root, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if got, known := availableIn(root); got != test.want || known != test.known {
				t.Errorf("%d bytes, known %v; want %d, %v", got, known, test.want, test.known)
			}
		})
	}
	if n, known := availableMemory(); !known || n == 0 {
		t.Errorf("of this machine: %d bytes, known %v", n, known)
	}
	if n, cpus, known := runnable(); !known || n < 1 || cpus < 1 {
		t.Errorf("of this machine: %d threads want one of %d CPUs, known %v; this one does", n, cpus, known)
	}
}
