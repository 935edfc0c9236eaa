package labtest_test

import (
	"io"
	"testing"

	"wirelab/lab/claim"
	"wirelab/lab/labtest"
)

// What is lost behind the sniffer is sent again, and a projection that asks for it has a
// line of it: a SYN and data alike. Of UDP nothing is sent again.
func TestLostSegmentsAreSentAgain(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, "client", "server")
	listener := l.Listen("server", "tcp", ":80")
	datagrams := l.ListenPacket("server", "udp", ":7000")
	udp := l.Dial("client", "udp", "server:7000")

	l.Impair("no-syn", "client", "server", labtest.Drop{}, labtest.Frames{Nth: []int{1}, Where: syn})
	conn := l.Dial("client", "tcp", "server:80")
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { accepted.Close() }) // or the collector of garbage closes it
	l.Mend("no-syn")
	l.Settle("open")
	l.Impair("no-data", "client", "server", labtest.Drop{}, labtest.Frames{Nth: []int{1}, Where: "tcp[tcpflags] & tcp-push != 0"})
	if _, err := io.WriteString(conn, "hello"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(accepted, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	l.Mend("no-data")
	l.Settle("said")
	l.Impair("no-datagram", "client", "server", labtest.Drop{}, labtest.Frames{Nth: []int{1}, Where: "udp port 7000"})
	for _, text := range []string{"lost", "there"} {
		if _, err := io.WriteString(udp, text); err != nil {
			t.Fatal(err)
		}
	}
	b := make([]byte, 16)
	if n, _, err := datagrams.ReadFrom(b); err != nil || string(b[:n]) != "there" {
		t.Fatalf("%q, %v", b[:n], err)
	}
	l.Mend("no-datagram")
	l.Settle("datagrams")

	// How often depends on how late the acknowledgement is on a busy machine.
	const line = "trace tcp/80 with retransmission: client > server "
	l.InOrder([]string{line + "SYN lost", line + "SYN again", "trace tcp/80: server > client SYN ACK"}, labtest.In("open"))
	l.InOrder([]string{`bytes "hello"`, line + "data again"}, labtest.In("said"))
	l.Never(line+"data again", labtest.In("open"))
	l.Expect("udp/7000 with retransmission in datagrams", "client > server udp lost\nclient > server udp")
	if v, err := l.Judge("tcp/80 with retransmission in said", ""); err != nil || v.Status != claim.Fail {
		t.Errorf("nothing is sent again: %s, %v", v.Status, err)
	}
}
