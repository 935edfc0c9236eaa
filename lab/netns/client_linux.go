package netns

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"

	"wirelab/internal/unixmsg"
)

// Exec runs a command on a host of the lab that another process holds, with
// this process's standard streams, and returns its exit code. On a terminal
// the command gets one of its own, of the same size. Of the environment it gets
// what the terminal and the person's language need, and env, NAME=VALUE. A
// signal that ends this process is the command's, too, and so is the end.
func Exec(_ context.Context, name, host string, env []string, args ...string) (int, error) {
	c, err := dial(name)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	dir, err := os.Getwd()
	if err != nil {
		dir = "/"
	}
	r := request{Op: "exec", Host: host, Args: args, Env: append(PassOn(os.Environ()), env...), Dir: dir}
	if term.IsTerminal(0) && term.IsTerminal(1) {
		if r.TTY, err = pty.GetsizeFull(os.Stdin); err != nil {
			return 0, fmt.Errorf("size of the terminal: %w", err)
		}
		return execTerminal(c, r)
	}
	if _, err := call(c, r, os.Stdin, os.Stdout, os.Stderr); err != nil {
		return 0, err
	}
	defer forwardSignals(c)()
	return awaitExit(c)
}

func awaitExit(c *net.UnixConn) (int, error) {
	var answer reply
	if _, err := unixmsg.Receive(c, &answer); err != nil {
		return 0, noAnswer(err)
	}
	if answer.Refused() {
		return 0, &answer.Refusal
	}
	return answer.Exit, nil
}

// forwardSignals sends the signals that people and scripts send on to the
// command, until the returned function is called.
func forwardSignals(c *net.UnixConn) (stop func()) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for s := range signals {
			if n, ok := s.(syscall.Signal); ok {
				unixmsg.Send(c, request{Op: "signal", Signal: int(n)})
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(signals)
		<-done
	}
}

func execTerminal(c *net.UnixConn, r request) (int, error) {
	if err := unixmsg.Send(c, r); err != nil {
		return 0, err
	}
	var started reply
	files, err := unixmsg.Receive(c, &started)
	if err != nil {
		return 0, noAnswer(err)
	}
	if started.Refused() {
		unixmsg.CloseAll(files)
		return 0, &started.Refusal
	}
	if len(files) != 1 {
		unixmsg.CloseAll(files)
		return 0, fmt.Errorf("%d descriptors for the terminal, want 1", len(files))
	}
	master := files[0]
	defer master.Close()

	resized := make(chan os.Signal, 1)
	signal.Notify(resized, syscall.SIGWINCH)
	defer signal.Stop(resized)
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		for {
			select {
			case <-resized:
				pty.InheritSize(os.Stdin, master)
			case <-ended:
				return
			}
		}
	}()

	state, err := term.MakeRaw(0)
	if err != nil {
		return 0, fmt.Errorf("terminal: %w", err)
	}
	defer term.Restore(0, state)
	defer forwardSignals(c)()
	go io.Copy(master, os.Stdin) // ends with the process, as reading a terminal does
	shown := make(chan struct{})
	go func() {
		io.Copy(os.Stdout, master) // EIO at the end of the last process on the terminal
		close(shown)
	}()
	code, err := awaitExit(c)
	select { // what it printed last
	case <-shown:
	case <-time.After(drainTimeout):
	}
	return code, err
}
