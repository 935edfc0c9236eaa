package rtnl

import (
	"errors"
	"fmt"
	"testing"

	"github.com/vishvananda/netlink"
)

func TestDump(t *testing.T) {
	other := errors.New("no such table")
	for _, tt := range []struct {
		name        string
		interrupted int
		end, want   error
		tries       int
	}{
		{"at once", 0, nil, nil, 1},
		{"after two changes", 2, nil, nil, 3},
		{"another error", 1, other, other, 2},
		{"always", maxTries, nil, netlink.ErrDumpInterrupted, maxTries},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tries := 0
			entries, err := Dump(func() ([]int, error) {
				if tries++; tries <= tt.interrupted {
					return []int{0}, fmt.Errorf("list: %w", netlink.ErrDumpInterrupted)
				}
				return []int{1, 2}, tt.end
			})
			if !errors.Is(err, tt.want) || tries != tt.tries || err == nil && len(entries) != 2 {
				t.Errorf("%v, %v after %d tries, want %v after %d", entries, err, tries, tt.want, tt.tries)
			}
		})
	}
}
