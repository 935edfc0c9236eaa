package node

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"wirelab/internal/rtnl"
)

// frameCounter tells how many frames have left an interface.
type frameCounter struct {
	kernel *rtnl.Conn
	device string
	index  int
}

// openFrameCounter opens the counter of an interface in the thread's network namespace. Any
// thread may use it; Close it.
func openFrameCounter(device string) (*frameCounter, error) {
	index, err := rtnl.Index(device)
	if err != nil {
		return nil, err
	}
	kernel, err := rtnl.Open()
	if err != nil {
		return nil, err
	}
	return &frameCounter{kernel, device, index}, nil
}

// Close closes the counter.
func (c *frameCounter) Close() { c.kernel.Close() }

// sent returns how many frames have left (linux/if_link.h, IFLA_STATS_LINK_64).
func (c *frameCounter) sent() (frames uint64, err error) {
	const link64, sentAt = 1, 8 // struct rtnl_link_stats64: tx_packets is the second
	request := nl.NewNetlinkRequest(unix.RTM_GETSTATS, 0)
	request.AddData(statsOf(c.index))
	counted := false
	err = c.kernel.List(request, func(message []byte) {
		if len(message) < statsHeader {
			return
		}
		attributes, _ := nl.ParseRouteAttr(message[statsHeader:])
		for _, a := range attributes {
			if a.Attr.Type == link64 && len(a.Value) >= sentAt+8 {
				frames, counted = nl.NativeEndian().Uint64(a.Value[sentAt:]), true
			}
		}
	})
	if err == nil && !counted {
		err = errors.New("counts no frames")
	}
	if err != nil {
		return 0, fmt.Errorf("interface %s: %w", c.device, err)
	}
	return frames, nil
}

// statsHeader is the size of struct if_stats_msg (linux/if_link.h).
const statsHeader = 12

// statsOf is an if_stats_msg that asks for IFLA_STATS_LINK_64 of the interface of an index.
type statsOf int

// Len implements nl.NetlinkRequestData.
func (statsOf) Len() int { return statsHeader }

// Serialize implements nl.NetlinkRequestData.
func (index statsOf) Serialize() []byte {
	b := make([]byte, statsHeader)
	nl.NativeEndian().PutUint32(b[4:], uint32(index))
	nl.NativeEndian().PutUint32(b[8:], 1) // a bit for each kind, link64 the first
	return b
}
