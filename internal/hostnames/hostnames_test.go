package hostnames

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var server = netip.MustParseAddr("10.77.0.11")

func TestParse(t *testing.T) {
	got, err := Parse("server=10.77.0.11, client1=10.77.0.10,")
	if err != nil {
		t.Fatal(err)
	}
	want := Table{"server": server, "client1": netip.MustParseAddr("10.77.0.10")}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.Names()[server] != "server" {
		t.Errorf("names by address: %v", got.Names())
	}
	for _, s := range []string{"server", "server=", "=10.0.0.1", "server=ten"} {
		if _, err := Parse(s); err == nil {
			t.Errorf("%q: no error", s)
		}
	}
}

func TestLookup(t *testing.T) {
	t.Setenv(Variable, "server=10.77.0.11")
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
