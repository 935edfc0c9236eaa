package netblock

import (
	"net/netip"
	"testing"
)

func TestOf(t *testing.T) {
	for _, test := range []struct{ address, want string }{
		{"192.0.2.7", "192.0.2.7/32"},
		{"::ffff:192.0.2.7", "192.0.2.7/32"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"2001:db8:1:2::1", "2001:db8:1:2::/64"},
		{"fe80::1%eth0", "fe80::1/128"},
		{"::1", "::1/128"},
	} {
		if got := Of(netip.MustParseAddr(test.address)).String(); got != test.want {
			t.Errorf("%s counts as %s, want %s", test.address, got, test.want)
		}
	}
	if got := Of(netip.Addr{}); got.IsValid() {
		t.Errorf("no address counts as %v", got)
	}
}
