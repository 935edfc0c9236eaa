package labtest_test

import (
	"io"
	"net/http"
	"testing"

	"wirelab/lab/labtest"
)

// A test of an ordinary server and client on two hosts.
func Example() {
	var t *testing.T // of the test
	l := labtest.New(t, "client", "server")
	go http.Serve(l.Listen("server", "tcp", ":80"), http.NotFoundHandler())
	client := &http.Client{Transport: &http.Transport{DialContext: l.DialContext("client")}}
	if _, err := client.Get("http://server/"); err != nil {
		t.Fatal(err)
	}
	l.Settle("fetched")
	l.Expect("tcp/80 in fetched", `
		client > server SYN     acked
		server > client SYN ACK acked`)
}

// What is sent over a connection is nowhere in clear, and nobody resets it.
func ExampleLab_Never() {
	var t *testing.T // of the test
	l := labtest.New(t, "client", "server")
	listener := l.Listen("server", "tcp", ":443")
	go func() {
		if conn, err := listener.Accept(); err == nil {
			io.Copy(io.Discard, conn)
		}
	}()
	io.WriteString(l.Dial("client", "tcp", "server:443"), "as you encrypt it")
	l.Settle("said")
	l.Never(`bytes "open sesame"`, labtest.In("said"))
	l.Never("tcp[tcpflags] & tcp-rst != 0", labtest.From("server"))
}

// On a busy machine a lab may be inconclusive: that alone is tried again.
func ExampleRetry() {
	var t *testing.T // of the test
	labtest.Retry(t, 3, func(t testing.TB) {
		l := labtest.New(t, "client", "server")
		l.Run("client", "ping", "-c", "1", "server")
		l.Settle("pinged")
		l.Before("arp", "icmp")
	})
}
