package hostnames

import (
	"maps"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var server = netip.MustParseAddr("10.77.0.11")

func TestParse(t *testing.T) {
	got, err := Parse("server=10.77.0.11, client1=10.77.0.10,server=10.77.1.11")
	if err != nil {
		t.Fatal(err)
	}
	far := netip.MustParseAddr("10.77.1.11")
	want := Table{"server": {server, far}, "client1": {netip.MustParseAddr("10.77.0.10")}}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if again, err := Parse(got.String()); err != nil || !cmp.Equal(want, again, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })) {
		t.Errorf("written and read again: %v, %v", again, err)
	}
	if got.Names()[server] != "server" || got.Names()[far] != "server" {
		t.Errorf("names by address: %v", got.Names())
	}
	for _, s := range []string{"server", "server=", "=10.0.0.1", "server=ten"} {
		if _, err := Parse(s); err == nil {
			t.Errorf("%q: no error", s)
		}
	}
}

// Who writes the address first is told the right order.
func TestSwapped(t *testing.T) {
	for s, want := range map[string]string{"10.0.0.2=server": "server=10.0.0.2", "fd00::2=server": "server=fd00::2"} {
		if _, err := Parse(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q in it", s, err, want)
		}
	}
	for _, s := range []string{"10.0.0.2=", "10.0.0=server"} {
		if _, err := Parse(s); err == nil || !strings.Contains(err.Error(), "NAME=ADDRESS") {
			t.Errorf("%q: error %v, want the form", s, err)
		}
	}
}

// An address of several names has the first of them, each time.
func TestNames(t *testing.T) {
	table, err := Parse("www=10.0.0.1,server=10.0.0.1,mail=10.0.0.1,client=10.0.0.2")
	if err != nil {
		t.Fatal(err)
	}
	want := map[netip.Addr]string{netip.MustParseAddr("10.0.0.1"): "mail", netip.MustParseAddr("10.0.0.2"): "client"}
	for range 100 {
		if got := table.Names(); !maps.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
	}
}

func TestLookup(t *testing.T) {
	t.Setenv(Variable, "server=10.77.0.11,server=10.77.1.11")
	for host, want := range map[string]string{"server": "10.77.0.11", "192.0.2.7": "192.0.2.7", "localhost": "127.0.0.1"} {
		if got, err := Lookup(t.Context(), host); err != nil || got.String() != want {
			t.Errorf("%s: %v, %v; want %s", host, got, err, want)
		}
	}
	t.Setenv(Variable, "nonsense")
	if got := FromEnvironment(); len(got) != 0 {
		t.Errorf("names of nonsense: %v", got)
	}
}
