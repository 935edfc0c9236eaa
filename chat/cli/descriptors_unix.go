//go:build unix

package cli

import "golang.org/x/sys/unix"

const (
	ownDescriptors = 64  // the program's own, and a few for refusals
	fewConnections = 256 // fewer are worth a warning
)

// maxConnections returns how many connections the limit of file descriptors allows;
// 0 for no limit. Go has raised that limit already.
func maxConnections() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Cur > 1<<30 {
		return 0
	}
	return max(1, int(limit.Cur)-ownDescriptors)
}
