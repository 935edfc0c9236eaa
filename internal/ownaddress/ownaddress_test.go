package ownaddress

import (
	"errors"
	"net"
	"net/netip"
	"testing"
)

// A machine has an address that an interface of it has, or says that it has none.
func TestFind(t *testing.T) {
	a, err := Find()
	if errors.Is(err, ErrNone) {
		t.Skip("this machine is on no network")
	}
	if err != nil || a.IsLoopback() || a.IsUnspecified() {
		t.Fatalf("found %v, %v", a, err)
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, each := range addresses {
		if p, err := netip.ParsePrefix(each.String()); err == nil && p.Addr().Unmap() == a {
			return
		}
	}
	t.Errorf("%v is of none of %v", a, addresses)
}
