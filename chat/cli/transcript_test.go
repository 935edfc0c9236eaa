package cli

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"wirelab/chat"
	"wirelab/chat/client"
	"wirelab/internal/exit"
	"wirelab/internal/require"
)

// disk is a file on a disk of a size.
type disk struct {
	mu sync.Mutex
	bytes.Buffer
	size int
}

func (d *disk) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := d.size - d.Len(); n < len(b) {
		d.Buffer.Write(b[:n])
		return n, syscall.ENOSPC
	}
	return d.Buffer.Write(b)
}

func (d *disk) Truncate(size int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Buffer.Truncate(int(size))
	return nil
}

func (d *disk) Close() error { return nil }

func (d *disk) text() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.String()
}

// TestFullDisk: what is left are whole lines; the others are counted, and told once.
func TestFullDisk(t *testing.T) {
	for _, test := range []struct {
		json bool
		size int
	}{
		{false, 250},
		{false, 5*39 + len("[2 lines not recorded]\n")}, // their number alone would fit
		{true, 250},
	} {
		json := test.json
		d := &disk{size: test.size}
		var told []string
		r := newTranscript(d, json, func(s string) { told = append(told, s) })
		go r.write()
		quiet := func() {
			require.Eventually(t, patience, func() bool {
				r.mu.Lock()
				defer r.mu.Unlock()
				return len(r.queued) == 0 && len(r.wake) == 0
			}, func() string { return "that everything was tried" })
		}
		for i := range 20 {
			r.record(chat.Record{Seq: uint64(i + 1), Time: time.Unix(0, 0).UTC(), Kind: chat.Say, Name: "alice", Text: fmt.Sprint("text ", i)})
			if i%3 == 0 {
				quiet()
			}
		}
		quiet()
		kept := 0
		require.Eventually(t, patience, func() bool {
			r.mu.Lock()
			defer r.mu.Unlock()
			kept = strings.Count(d.text(), "\n")
			return r.lost == 20-kept
		}, func() string { return "the number of lines that are lost" })
		if !strings.HasSuffix(d.text(), "\n") || kept == 0 {
			t.Errorf("a full disk has %q", d.text())
		}
		d.mu.Lock()
		d.size = 1 << 20
		d.mu.Unlock()
		r.record(chat.Record{Seq: 21, Time: time.Unix(0, 0).UTC(), Kind: chat.Say, Name: "alice", Text: "space"})
		r.Close()
		want := fmt.Sprintf("[%d lines not recorded]\n", 20-kept)
		if json {
			want = fmt.Sprintf(`"kind":"gap","name":"","text":"%d"}`, 20-kept)
		}
		if s := d.String(); !strings.Contains(s, want) || strings.Count(s, "\n") != kept+2 || !strings.Contains(s, "space") {
			t.Errorf("with space again it has %q, want %s", s, want)
		}
		if len(told) != 2 || !strings.Contains(told[0], "no space left") || !strings.Contains(told[1], fmt.Sprint(20-kept, " lines are missing")) {
			t.Errorf("the console is told %q", told)
		}
	}
}

// TestRecordGoesOn kills the server: the next one on its record has the history, and
// the session that a client resumes.
func TestRecordGoesOn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "room.jsonl")
	args := []string{"chat", "serve", "--tcp", "127.0.0.1:0", "--udp", "", "--record", file}
	server := start(t, args...)
	join := func(server *program, from chat.Resume) *client.Conn {
		t.Helper()
		conn, err := net.Dial("tcp", server.await(`listening on tcp (\S+)\n`)[1])
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		conn.SetDeadline(time.Now().Add(patience))
		c, err := client.JoinTCP(context.Background(), conn, "nina", from)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	nina := join(server, chat.Resume{})
	if err := nina.Say("hello"); err != nil {
		t.Fatal(err)
	}
	require.Eventually(t, patience, func() bool {
		b, _ := os.ReadFile(file)
		return strings.Contains(string(b), `"kind":"say","name":"nina","text":"hello","address":"127.0.0.1:`)
	}, func() string { return "the record" })
	second := start(t, args...)
	second.exits(exit.Unable)
	if !strings.Contains(second.output(), "another server records to it") {
		t.Errorf("a second server on the record: %q", second.output())
	}
	server.cmd.Process.Kill()
	server.exits(-1)

	from := chat.Resume{Seq: 1, Token: nina.Resume().Token}
	again := join(start(t, args...), from)
	if again.Resume().Token != from.Token {
		t.Error("the session is not known any more")
	}
	for _, want := range []string{"nina: hello", "* nina joined"} {
		if l, err := again.Receive(); err != nil || l.String() != want {
			t.Errorf("after the restart came %q, %v, want %q", l, err, want)
		}
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), "foreign.jsonl"), []byte("precious\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args[len(args)-1] = filepath.Join(filepath.Dir(file), "foreign.jsonl")
	start(t, args...).exits(exit.Unable)
	if b, err := os.ReadFile(args[len(args)-1]); err != nil || string(b) != "precious\n" {
		t.Errorf("a foreign file has %q, %v", b, err)
	}
}
