package node

import (
	"fmt"

	"github.com/vishvananda/netlink"
)

// framesSent returns how many frames have left an interface.
func framesSent(device string) (uint64, error) {
	l, err := netlink.LinkByName(device)
	if err != nil {
		return 0, fmt.Errorf("interface %s: %w", device, err)
	}
	if l.Attrs().Statistics == nil {
		return 0, fmt.Errorf("interface %s counts no frames", device)
	}
	return l.Attrs().Statistics.TxPackets, nil
}
