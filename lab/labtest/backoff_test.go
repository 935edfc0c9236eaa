package labtest_test

import (
	"context"
	"net"
	"slices"
	"testing"
	"time"

	"wirelab/lab/labtest"
)

// dialOneOf connects to the first of several servers that answers. It tries each three
// times and waits ahead of each further attempt, twice as long every time.
func dialOneOf(ctx context.Context, dial func(ctx context.Context, network, address string) (net.Conn, error), wait func(time.Duration), servers ...string) (conn net.Conn, err error) {
	pause := time.Second
	for i, server := range servers {
		for attempt := range 3 {
			if i+attempt > 0 {
				wait(pause)
				pause *= 2
			}
			if conn, err = dial(ctx, "tcp", server); err == nil {
				return conn, nil
			}
		}
	}
	return nil, err
}

// A client tries a server that refuses three times, and only then the other one. How
// long it waits a clock of the test says; what it sends, and in which order, the wire.
func TestRetryBacksOff(t *testing.T) {
	t.Parallel()
	l := labtest.New(t, "client", "primary", "backup")
	listener := l.Listen("backup", "tcp", ":80")
	var waited []time.Duration
	conn, err := dialOneOf(t.Context(), l.DialContext("client"), func(d time.Duration) { waited = append(waited, d) }, "primary:80", "backup:80")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { accepted.Close() })
	if want := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}; !slices.Equal(waited, want) {
		t.Errorf("it waited %v, want %v", waited, want)
	}
	l.Settle("tried")
	l.Expect("tcp/80 in tried", `
		client  > primary SYN
		primary > client  RST ACK
		client  > primary SYN
		primary > client  RST ACK
		client  > primary SYN
		primary > client  RST ACK
		client  > backup  SYN     acked
		backup  > client  SYN ACK acked`)
	l.Exactly(3, "tcp[tcpflags] & tcp-rst != 0", labtest.In("tried"), labtest.From("primary"))
	l.Before("tcp and dst host primary", "tcp and dst host backup", labtest.In("tried"))
}
