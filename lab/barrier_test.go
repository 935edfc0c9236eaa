package lab

import (
	"strings"
	"testing"
)

// What a program has left undone is said in words, and the socket is named behind it.
func TestBusyHost(t *testing.T) {
	for _, test := range []struct{ what, want string }{
		{"tcp 10.0.0.11:43210 > 10.0.0.10:7000 ESTABLISHED unread=17 unsent=0", "a program there has not read all that it was sent (tcp "},
		{"udp 10.0.0.11:54321 > 10.0.0.10:7001 unread=768 unsent=0", "a program there has not read all that it was sent (udp "},
		{"tcp 10.0.0.11:43210 > 10.0.0.10:7000 CLOSE_WAIT unread=5 unsent=0", "the other side has closed a connection, and a program there has not (tcp "},
		{"tcp 10.0.0.11:43210 > 10.0.0.10:7000 ESTABLISHED unread=0 unsent=5", "tcp "},
		{"tcp 0.0.0.0:7002 > 0.0.0.0:0 LISTEN unread=1 unsent=0", "tcp "}, // connections
		{"arp 10.0.0.10 is being asked for", "arp "},
	} {
		if got := (&busyHost{test.what}).Error(); !strings.HasPrefix(got, test.want) || !strings.Contains(got, test.what) {
			t.Errorf("%s:\n%s\nwant %s…", test.what, got, test.want)
		}
	}
}
