package labtest_test

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"wirelab/lab"
	"wirelab/lab/claim"
	"wirelab/lab/labtest"
)

// What crosses a router is seen on both of its segments, and a claim may be about one.
func TestSegments(t *testing.T) {
	t.Parallel()
	l := labtest.NewTopology(t, lab.Topology{
		Hosts: []string{"client", "gateway", "server", lab.SnifferHost},
		Segments: []lab.SegmentSpec{
			{Name: "lan", Hosts: []string{"client", "gateway"}},
			{Name: "dmz", Hosts: []string{"gateway", "server"}},
		},
		Routers: []string{"gateway"},
	})
	web := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("hello")) })}
	go web.Serve(l.Listen("server", "tcp", ":80"))
	t.Cleanup(func() { web.Close() })
	get(t, &http.Client{Transport: &http.Transport{DialContext: l.DialContext("client")}}, "http://server/")
	l.Settle("fetched")
	l.Expect("tcp/80 first in fetched on dmz", "client > server SYN acked")
	l.Expect("tcp/80 first", "lan client > server SYN acked\ndmz client > server SYN acked")
	l.Exactly(1, "tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn", labtest.On("lan"))
	l.Exactly(2, "tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn")
	l.Before("trace arp", "trace tcp/80: client > server SYN", labtest.On("dmz"))
	l.Never("arp host client", labtest.On("dmz"))
	for part, want := range map[string]string{
		"tcp/80 first on lan":            "lan client > server SYN acked", // the column is left out where the segment is said
		"tcp/80 first in fetched on dmz": "",
	} {
		if v, err := l.Judge(part, want); err == nil && v.Status != claim.Fail {
			t.Errorf("%q, want %q: %s", part, want, v.Status)
		}
	}
	if v, err := l.JudgeMatcher(claim.Matcher{Kind: claim.Never, What: []claim.Selection{{Filter: "arp"}}}, labtest.On("dmz")); err != nil || v.Status != claim.Fail {
		t.Errorf("no ARP on dmz: %s, %v", v.Status, err)
	}
	// A host's name is its address on the asking host's own segment.
	l.ListenPacket("gateway", "udp", "gateway:7000")
	for host, segment := range map[string]string{"client": "lan", "server": "dmz"} {
		conn := l.Dial(host, "udp", "gateway:7000")
		if !conn.RemoteAddr().(*net.UDPAddr).IP.Mask(net.CIDRMask(24, 32)).Equal(conn.LocalAddr().(*net.UDPAddr).IP.Mask(net.CIDRMask(24, 32))) {
			t.Errorf("%s asks gateway at %s on %s, and is at %s", host, conn.RemoteAddr(), segment, conn.LocalAddr())
		}
	}
	l.Expect("tcp/80 first with ttl on lan", "client > server SYN acked ttl=64")
	l.Expect("tcp/80 first with ttl on dmz", "client > server SYN acked ttl=63")
	if _, err := l.Judge("tcp/80 on dnz", ""); err == nil || !strings.Contains(err.Error(), "lan, dmz") {
		t.Errorf("a segment that is not there: %v", err)
	}
}
