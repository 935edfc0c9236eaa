//go:build linux || darwin

package cli

import (
	"io"
	"testing"

	"github.com/creack/pty"

	"wirelab/internal/exit"
)

// TestTerminal chats on a terminal, as docker attach gives one.
func TestTerminal(t *testing.T) {
	_, tcp, _ := startServer(t)
	bob := start(t, "chat", "join", "--name", "bob", tcp)
	bob.await(`joined`)
	p := &program{t: t, cmd: wirelabCommand(t, "chat", "join", tcp)}
	tty, err := pty.Start(p.cmd)
	if err != nil {
		t.Fatal(err)
	}
	shown := make(chan struct{})
	go func() { defer close(shown); io.Copy(p, tty) }() // ends with EIO when the program does
	t.Cleanup(func() { tty.Close(); <-shown })
	p.stdin = tty

	p.await(`\* joined ` + tcp + ` as client1 \(tcp\)\r\n\(client1\) `)
	p.say("")
	p.await(`\r\n\(client1\) `)
	p.say("你好")
	p.await(`你好\r\n\(client1\) `)
	bob.await(`client1: 你好\n`)
	bob.say("hi")
	p.await(`^\r\x1b\[Kbob: hi\r\n\(client1\) $`) // and not what was said here, once more
	p.say("\x03")                                 // Ctrl-C
	p.exits(exit.OK)
	bob.await(`\* client1 left\n`)
}
