// Package rtnl reads tables of the kernel over rtnetlink(7).
package rtnl

import (
	"errors"

	"github.com/vishvananda/netlink"
)

// maxTries is how often a table is read that changes meanwhile.
const maxTries = 100

// Dump lists a table, again where it changed while it was read: the kernel marks such
// a list as interrupted, and it may lack entries or have some twice.
func Dump[T any](list func() ([]T, error)) (entries []T, err error) {
	for range maxTries {
		if entries, err = list(); !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	return entries, err
}
