package suggest

import "testing"

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"icmp", "icmp", 0}, {"", "arp", 3}, {"arp", "", 3},
		{"icpm", "icmp", 1}, {"icm", "icmp", 1}, {"icmpp", "icmp", 1}, {"icnp", "icmp", 1}, {"ci", "ic", 1},
		{"clinet1", "client1", 1}, {"cleint", "client1", 2}, {"ca", "abc", 3}, {"server", "client1", 7},
	} {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("%q and %q are %d apart, want %d", test.a, test.b, got, test.want)
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"client1", "client2", "server"}
	for _, test := range []struct {
		word  string
		slips int
		want  string
	}{
		{"clint1", 1, "client1"}, {"client3", 1, "client1"}, {"client22", 1, "client2"}, {"clnt1", 1, ""}, {"clnt1", 2, "client1"}, {"printer", 2, ""},
	} {
		if got := Nearest(test.word, known, test.slips); got != test.want {
			t.Errorf("%q with %d slips is %q, want %q", test.word, test.slips, got, test.want)
		}
	}
}

func TestWord(t *testing.T) {
	known := []string{"run", "ping", "tcp-chat", "udp-chat", "hub-and-switch", "down", "doctor"}
	for word, want := range map[string]string{
		"rn": "run", "pnig": "ping", "pong": "ping", "tcp": "tcp-chat", "hub": "hub-and-switch", "do": "", "dwn": "down",
		"r": "", "": "", "xyz": "", "tpc-caht": "tcp-chat",
	} {
		if got := Word(word, known); got != want {
			t.Errorf("%q is %q, want %q", word, got, want)
		}
	}
}
