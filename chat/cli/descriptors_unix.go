//go:build unix

package cli

import "golang.org/x/sys/unix"

const (
	ownDescriptors = 64  // the program's own and a few to say no with
	fewConnections = 256 // to be worth a warning
)

// maxConnections is how many connections the limit of file descriptors leaves;
// 0 for no limit. Go has raised it as far as it may be already.
func maxConnections() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Cur > 1<<30 {
		return 0
	}
	return max(1, int(limit.Cur)-ownDescriptors)
}
