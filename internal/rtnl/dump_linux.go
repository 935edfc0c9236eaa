// Package rtnl reads tables of the kernel over rtnetlink(7).
package rtnl

import (
	"errors"

	"github.com/vishvananda/netlink"
)

// maxTries is how often a table is read that changes meanwhile.
const maxTries = 100

// Dump reads a table, or something out of it, again where it changed while it was read: the
// kernel marks such a list as interrupted, and it may lack entries or have some twice.
func Dump[T any](read func() (T, error)) (found T, err error) {
	for range maxTries {
		if found, err = read(); !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	return found, err
}
