package docker

import (
	"fmt"
	"strings"
)

// owner is the process that a run belongs to, so that a later one can tell
// whether it still lives. A process id alone is reused; with the machine, its
// boot, the PID namespace and the start time it names one process for ever.
type owner struct {
	machine   string // machine-id(5)
	boot      string // /proc/sys/kernel/random/boot_id
	namespace string // of PIDs: pid_namespaces(7)
	pid       int
	start     uint64 // clock ticks since boot: proc_pid_stat(5), field 22
}

// String is the form of the label.
func (o owner) String() string {
	return fmt.Sprintf("%s/%s/%s/%d/%d", o.machine, o.boot, o.namespace, o.pid, o.start)
}

// parseOwner reads the form of String.
func parseOwner(s string) (owner, bool) {
	parts := strings.Split(s, "/")
	if len(parts) != 5 {
		return owner{}, false
	}
	o := owner{machine: parts[0], boot: parts[1], namespace: parts[2]}
	if _, err := fmt.Sscanf(parts[3]+" "+parts[4], "%d %d", &o.pid, &o.start); err != nil {
		return owner{}, false
	}
	return o, o.machine != "" && o.boot != "" && o.namespace != "" && o.pid > 0 && o.String() == s
}

// dead reports whether the owner has surely ended, as seen by self. The runs
// of another machine (a daemon may serve several) and of a PID namespace into
// which one cannot look are left alone. Machines that were cloned share an id:
// only of a daemon on this machine is another boot an earlier one.
func (o owner) dead(self owner, localDaemon bool, startOf func(pid int) (uint64, bool)) bool {
	switch {
	case self.machine == "" || o.machine != self.machine:
		return false
	case o.boot != self.boot:
		return localDaemon
	case o.namespace != self.namespace:
		return false
	}
	start, alive := startOf(o.pid)
	return !alive || start != o.start
}
