package client

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"wirelab/chat"
)

// A server that asks for a cookie, as it does behind a published port of Docker, is
// given it with the texts, and has to answer; any other is sent each text once.
func TestSendUDP(t *testing.T) {
	const cookie = "0123456789a"
	for _, tt := range []struct {
		name   string
		answer func(datagram string) string
		want   []string
		err    error
	}{
		{"on this network", func(string) string { return "" }, []string{"ci\tone", "ci\ttwo"}, nil},
		{"asks for a cookie", func(d string) string {
			switch {
			case !strings.HasPrefix(d, "\t"):
				return "\t" + cookie
			case strings.HasSuffix(d, "/who"):
				return string(chat.Line{Seq: 1, Kind: chat.Who, Name: "ci", Text: "udp"}.Append(nil))
			}
			return ""
		}, []string{"ci\tone", "ci\ttwo", "\t" + cookie + "\tci\tone", "\t" + cookie + "\tci\ttwo", "\t" + cookie + "\tci\t/who"}, nil},
		{"asks and never answers", func(string) string { return "\t" + cookie },
			[]string{"ci\tone", "ci\ttwo", "\t" + cookie + "\tci\tone", "\t" + cookie + "\tci\ttwo", "\t" + cookie + "\tci\t/who"}, os.ErrDeadlineExceeded},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server, err := net.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(tt.name, "asks") {
				was := askedWithin
				askedWithin = patience
				defer func() { askedWithin = was }()
			}
			var got []string
			done := make(chan struct{})
			go func() {
				defer close(done)
				b := make([]byte, chat.MaxDatagram)
				for {
					n, from, err := server.ReadFrom(b)
					if err != nil {
						return
					}
					got = append(got, string(b[:n]))
					if answer := tt.answer(string(b[:n])); answer != "" {
						server.WriteTo([]byte(answer), from)
					}
				}
			}()
			a := server.LocalAddr().(*net.UDPAddr).AddrPort()
			config := Config{Host: a.Addr().String(), Port: a.Port(), Name: "ci", Wait: patience}
			if tt.err != nil {
				config.Wait = 500 * time.Millisecond
			}
			if err := SendUDP(t.Context(), config, []string{"one", "two"}); !errors.Is(err, tt.err) {
				t.Errorf("error %v, want %v", err, tt.err)
			}
			server.Close()
			<-done
			if !slices.Equal(got, tt.want) {
				t.Errorf("the server received %q, want %q", got, tt.want)
			}
		})
	}
}

// Who has nothing to say sends nothing, also when it is cut off.
func TestSendUDPNothing(t *testing.T) {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	a := server.LocalAddr().(*net.UDPAddr).AddrPort()
	was := askedWithin
	askedWithin = patience
	defer func() { askedWithin = was }()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := SendUDP(ctx, Config{Host: a.Addr().String(), Port: a.Port(), Name: "ci"}, nil); err != nil {
		t.Error(err)
	}
	server.SetReadDeadline(time.Now())
	if n, _, err := server.ReadFrom(make([]byte, 100)); err == nil {
		t.Errorf("%d bytes were sent", n)
	}
}
