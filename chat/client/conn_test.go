package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"wirelab/chat"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestClientDistrustsServer joins servers that answer otherwise than ours.
func TestClientDistrustsServer(t *testing.T) {
	tests := []struct{ name, answer, want string }{
		{"refused", "0\t0\tnotice\t\tthe room is \x1b[2Jclosed\n", "the server says: the room is [2Jclosed"},
		{"a name that acts", "0\t0\tyou\tal\x1b[2Jice\t\n", "which is no name"},
		{"another protocol", "HTTP/1.1 400 Bad Request\r\n", "want SEQ"},
		{"no end", strings.Repeat("x", 1<<16), "line too long"},
		{"gone", "", "EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conn, peer := net.Pipe()
			var fake sync.WaitGroup
			fake.Go(func() { io.Copy(io.Discard, peer) })
			fake.Go(func() { io.WriteString(peer, tt.answer); peer.Close() })
			_, err := JoinTCP(t.Context(), conn, "alice", chat.Resume{})
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\x1b") {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
			fake.Wait()
		})
	}
}

func TestJoinEndsWithContext(t *testing.T) {
	conn, peer := net.Pipe() // a server that says nothing
	defer peer.Close()
	go io.Copy(io.Discard, peer)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := JoinTCP(ctx, conn, "alice", chat.Resume{}); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v, want a deadline exceeded", err)
	}
}

// TestGap has a server that loses lines on the way.
func TestGap(t *testing.T) {
	server, client := net.Pipe()
	c := &Conn{conn: client, udp: newUDP(client, "alice"), name: "alice"}
	defer c.Close()
	go func() {
		defer server.Close()
		for _, seq := range []uint64{1, 2, 5, 6, 4, 8, 1, 2} {
			server.Write(chat.Line{Seq: seq, Kind: chat.Say, Name: "bob", Text: fmt.Sprint(seq)}.Append(nil))
		}
	}()
	for _, want := range []string{"bob: 1", "bob: 2", "* 2 lost", "bob: 5", "bob: 6", "bob: 4", "* 1 lost", "bob: 8", "bob: 1", "bob: 2"} {
		if l, err := c.Receive(); err != nil || l.String() != want {
			t.Errorf("got %q, %v, want %q", l, err, want)
		}
	}
}
