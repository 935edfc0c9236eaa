package sniffer_test

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"wirelab/sniffer"
)

// Addresses are written as netip writes them, wherever they have zeros.
func TestAppendAddr(t *testing.T) {
	check := func(addr netip.Addr) {
		t.Helper()
		if got, want := string(sniffer.AppendAddr([]byte("x"), addr)), "x"+addr.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	r := rand.New(rand.NewPCG(1, 1))
	for zeros := range 1 << 8 {
		for range 20 {
			var a [16]byte
			for i := range 8 {
				if zeros>>i&1 == 0 {
					n := 1 + r.Uint32()>>(16+r.IntN(16))
					a[2*i], a[2*i+1] = byte(n>>8), byte(n)
				}
			}
			check(netip.AddrFrom16(a))
		}
	}
	for _, text := range []string{"0.0.0.0", "255.255.255.255", "10.1.99.100", "::ffff:10.0.0.1", "fe80::1%eth0", "::", "::1", "1::"} {
		check(netip.MustParseAddr(text))
	}
}
