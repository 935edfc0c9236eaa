package webguard

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"wirelab/internal/require"
)

func TestBody(t *testing.T) {
	at := serve(t, New(Config{MaxBody: 100, Uploads: map[string]int64{"/capture": 1000}}), page)
	for _, test := range []struct {
		path string
		size int
		want int
	}{{"/say", 100, 200}, {"/say", 101, 413}, {"/capture", 1000, 200}, {"/capture", 1001, 413}, {"/capture/x", 101, 413}} {
		resp, body := ask(t, http.DefaultClient, "POST", "http://"+at+test.path, strings.Repeat("x", test.size), "Origin", "http://"+at)
		if resp.StatusCode != test.want {
			t.Errorf("%d bytes to %s: %d %q, want %d", test.size, test.path, resp.StatusCode, body, test.want)
		}
	}
}

// A body of a request that is refused is not waited for.
func TestRefusedBodyIsNotRead(t *testing.T) {
	at := serve(t, New(Config{}), page)
	c, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: %s\r\nOrigin: http://evil.example\r\nContent-Length: 1000000\r\n\r\n", at)
	c.SetReadDeadline(time.Now().Add(20 * time.Second))
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || resp.StatusCode != 403 || !resp.Close {
		t.Fatalf("answered %v, %v", resp, err)
	}
}

func TestRate(t *testing.T) {
	at := serve(t, New(Config{Limits: Limits{Rate: 1e-9, Burst: 3}}), page)
	for i := range 5 {
		want := 200
		if i >= 3 {
			want = 429
		}
		// A request that would be refused anyway costs as much.
		resp, _ := ask(t, http.DefaultClient, "GET", "http://"+at+"/", "")
		if resp.StatusCode != want {
			t.Errorf("request %d: %d, want %d", i+1, resp.StatusCode, want)
		}
		if want == 429 && resp.Header.Get("Retry-After") == "" {
			t.Error("nobody is told when to come again")
		}
	}
}

// The addresses that a guard remembers are bounded, and those with a stream are kept.
func TestAddressesAreForgotten(t *testing.T) {
	g := New(Config{Limits: Limits{Rate: 1e9, Burst: 1, StreamsPerAddress: 1}})
	first := netip.MustParseAddr("198.51.100.1")
	end, why := g.begin(first)
	if why != nil {
		t.Fatal(why)
	}
	a := netip.MustParseAddr("10.0.0.0")
	for range 3 * maxAddresses / 2 {
		a = a.Next()
		g.allow(a)
	}
	if n := len(g.addresses); n > maxAddresses+1 {
		t.Errorf("%d addresses are remembered", n)
	}
	if _, why := g.begin(first); why != refusedStreams {
		t.Errorf("the stream was forgotten: %v", why)
	}
	end()
	if _, why := g.begin(first); why != nil {
		t.Errorf("a stream that has ended counts: %v", why)
	}
}

func TestConnectionsOfAnAddress(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := limitConns(inner)
	from := netip.MustParsePrefix("127.0.0.1/32")
	for range connsPerAddress - 1 {
		l.take(from)
	}
	accepted := make(chan net.Conn, 2)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(accepted)
				return
			}
			accepted <- c
		}
	}()
	defer l.Close()
	dial := func() net.Conn {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	dial()
	last := <-accepted
	tooMany := dial()
	tooMany.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, err := tooMany.Read(make([]byte, 1)); err == nil || err == io.EOF && len(accepted) > 0 {
		t.Errorf("one connection too many is served: %v", err)
	}
	last.Close()
	last.Close() // counts once
	dial()
	c := <-accepted
	c.Close()
	require.Eventually(t, 20*time.Second, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.open[from] == connsPerAddress-1
	}, func() string {
		return fmt.Sprintf("%d open connections, there are %d", connsPerAddress-1, l.open[from])
	})
}
