package labtest_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"wirelab/lab/labtest"
)

// Two requests of one client share a connection: one handshake, and no teardown
// while it is idle. Closing idle connections sends a FIN from either side.
func TestKeepAliveIsOneConnection(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, "client", "server")
	web := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "hello")
	})}
	go web.Serve(l.Listen("server", "tcp", ":80"))
	t.Cleanup(func() { web.Close() })
	transport := &http.Transport{DialContext: l.DialContext("client")}
	client := &http.Client{Transport: transport}
	for range 2 {
		if got := get(t, client, "http://server/"); got != "hello\n" {
			t.Fatalf("got %q", got)
		}
	}
	l.Settle("fetched")
	l.Expect("tcp/80 in fetched", `
		client > server SYN     acked
		server > client SYN ACK acked`)

	transport.CloseIdleConnections()
	l.Settle("closed")
	l.Expect("tcp/80 in closed", `
		client > server FIN ACK acked
		server > client FIN ACK acked`)
}

// A connection that the server has closed while it was idle is not used again.
func TestClosedConnectionIsNotReused(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, "client", "server")
	idle := make(chan net.Conn, 2)
	web := &http.Server{Handler: http.NotFoundHandler(), ConnState: func(c net.Conn, s http.ConnState) {
		if s == http.StateIdle {
			idle <- c
		}
	}}
	go web.Serve(l.Listen("server", "tcp", ":80"))
	t.Cleanup(func() { web.Close() })
	client := &http.Client{Transport: &http.Transport{DialContext: l.DialContext("client")}}
	get(t, client, "http://server/")
	(<-idle).Close()
	l.Settle("closed") // the client has read that it is, and has closed, too
	get(t, client, "http://server/")
	<-idle
	l.Settle("fetched")
	l.Exactly(1, "trace tcp/80: client > server SYN", labtest.In("closed"))
	l.Exactly(1, "trace tcp/80: client > server SYN", labtest.In("fetched"))
	l.Never("tcp[tcpflags] & tcp-rst != 0", labtest.Each("tcp port 80"))
}

// Without keep-alive each request has a connection of its own.
func TestWithoutKeepAlive(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, "client", "server")
	web := &http.Server{Handler: http.FileServer(http.Dir(t.TempDir()))}
	go web.Serve(l.Listen("server", "tcp", ":8080"))
	t.Cleanup(func() { web.Close() })
	client := &http.Client{Transport: &http.Transport{DialContext: l.DialContext("client"), DisableKeepAlives: true}}
	for range 2 {
		get(t, client, "http://server:8080/")
	}
	l.Settle("fetched")
	l.Expect("tcp/8080 first in fetched", `
		client > server SYN acked
		client > server SYN acked`)
}

// A password that is sent over HTTP can be read on the wire.
func TestHTTPCanBeRead(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, "client", "server")
	l.Texts("open sesame")
	web := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
	})}
	go web.Serve(l.Listen("server", "tcp", ":80"))
	t.Cleanup(func() { web.Close() })
	client := &http.Client{Transport: &http.Transport{DialContext: l.DialContext("client")}}
	resp, err := client.Post("http://server/", "text/plain", strings.NewReader("open sesame"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	client.CloseIdleConnections()
	l.Settle("posted")
	l.Expect("tcp/80 text in posted", `
		client > server SYN     acked
		server > client SYN ACK acked
		client > server "open sesame"
		client > server FIN ACK acked
		server > client FIN ACK acked`)
}

func get(t *testing.T, client *http.Client, url string) string {
	t.Helper()
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
