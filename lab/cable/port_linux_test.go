package cable

import (
	"net"
	"os"
	"runtime"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// What comes before a cable has to carry anything is not the cable's, however much: the
// ring may have been full of it.
func TestClearForgetsWhatWasNotTheCables(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a network of its own without a lab needs root")
	}
	// Never unlocked: the thread, which is in another namespace, ends with the test.
	runtime.LockOSThread()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(unix.Unshare(unix.CLONE_NEWNET))
	lo, err := netlink.LinkByName("lo")
	must(err)
	must(netlink.LinkSetUp(lo))
	p, err := openPort(interfaceOf(lo), ring{slots: 32, slot: 2048})
	must(err)
	defer p.close()
	to, err := net.ListenPacket("udp4", "127.0.0.1:0")
	must(err)
	defer to.Close()
	send := func(count int) {
		t.Helper()
		for range count {
			_, err := to.WriteTo([]byte("datagram"), to.LocalAddr())
			must(err)
		}
	}
	send(100)
	must(p.clear())
	send(10)
	must(p.count())
	if dropped, waiting := p.dropped.Load(), p.waiting(); dropped != 0 || waiting != 10 {
		t.Errorf("%d frames dropped and %d in the ring; want 0 and 10", dropped, waiting)
	}
	send(100)
	must(p.count())
	if dropped := p.dropped.Load(); dropped != 78 {
		t.Errorf("%d frames dropped of those that were the cable's, want 78", dropped)
	}
}
