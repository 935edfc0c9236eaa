package rtnl

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// of asks something of the device of a name.
func of(kind, flags int, device string) *nl.NetlinkRequest {
	r := nl.NewNetlinkRequest(kind, flags)
	r.AddData(nl.NewIfInfomsg(unix.AF_UNSPEC))
	if device != "" {
		r.AddData(nl.NewRtAttr(unix.IFLA_IFNAME, nl.ZeroTerminated(device)))
	}
	return r
}

func TestConn(t *testing.T) {
	c, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Flush(); err != nil {
		t.Errorf("nothing queued: %v", err)
	}
	// What may be asked, and what must be refused, of anyone and to anyone.
	c.Queue("the loopback", of(unix.RTM_GETLINK, 0, "lo"))
	c.Queue("the first", of(unix.RTM_SETLINK, 0, "no-such-one"))
	c.Queue("the second", of(unix.RTM_SETLINK, 0, "no-such-two"))
	switch err := c.Flush(); {
	case !errors.Is(err, unix.ENODEV) && !errors.Is(err, unix.EPERM):
		t.Errorf("devices that are not there: %v, want ENODEV, or EPERM of who may set nothing", err)
	case !strings.HasPrefix(err.Error(), "the first: "):
		t.Errorf("%q, want the first one refused", err)
	}
	if err := c.Flush(); err != nil {
		t.Errorf("what was refused is asked again: %v", err)
	}

	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	if err := c.List(of(unix.RTM_GETLINK, unix.NLM_F_DUMP, ""), func(message []byte) { seen++ }); err != nil || seen != len(all) {
		t.Errorf("%d interfaces, %v; want %d", seen, err, len(all))
	}
	index, err := Index("lo")
	if err != nil {
		t.Fatal(err)
	}
	got := 0
	err = c.List(of(unix.RTM_GETLINK, 0, "lo"), func(message []byte) { got = int(nl.NativeEndian().Uint32(message[4:])) })
	if err != nil || got != index {
		t.Errorf("lo has index %d, %v; want %d", got, err, index)
	}
	if err := c.List(of(unix.RTM_GETLINK, 0, "no-such-one"), func([]byte) { t.Error("an answer") }); !errors.Is(err, unix.ENODEV) {
		t.Errorf("%v, want ENODEV", err)
	}
	if _, err := Index("no-such-one"); !errors.Is(err, unix.ENODEV) {
		t.Errorf("%v, want ENODEV", err)
	}
}
