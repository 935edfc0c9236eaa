//go:build !linux

package class

func availableMemory() (available uint64, known bool) { return 0, false }
