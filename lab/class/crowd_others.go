//go:build !linux

package class

func runnable() (threads, cpus int, known bool) { return 0, 0, false }
