// Package cli has the commands of the chat: serve, join, send and watch.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"wirelab/chat"
	"wirelab/chat/client"
	"wirelab/internal/exit"
	"wirelab/internal/hostnames"
	"wirelab/internal/lang"
)

// The ports of the course note, and the host that the lab calls server.
const (
	tcpPort     = 7000
	udpPort     = 7001
	defaultHost = "server"
)

// Commands returns the command chat with its subcommands.
func Commands() []*cobra.Command {
	c := &cobra.Command{
		Use:   "chat",
		Short: "A chat room over TCP and UDP: serve it, join it, say something",
		Long: `A chat room that people reach over TCP (port 7000) and UDP (port 7001) at once.
It makes the traffic of the course note's experiments: over TCP a chat opens
with three segments and closes with FINs; over UDP it does neither.`,
		Example: `  wirelab chat serve
  wirelab chat join server
  wirelab chat join --udp --name alice server:7001
  wirelab chat send server "hello, everyone"
  wirelab chat watch server --json
  nc server 7000            # the first line is your name`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.PersistentFlags().String("lang", "", "language of prompts and notices: en or zh-TW (default: the locale's)")
	c.AddCommand(serveCommand(), joinCommand(), sendCommand(), watchCommand())
	return []*cobra.Command{c}
}

// link is how a client reaches a room.
type link struct {
	udp  bool
	name string        // empty: hostnames.Own
	wait time.Duration // to be connected over TCP, and for an answer

	resume chat.Resume // where a connection that was lost is to go on
}

func (k *link) flags(c *cobra.Command) {
	c.Flags().BoolVar(&k.udp, "udp", false, "chat over UDP (port 7001) instead of TCP (port 7000)")
	c.Flags().StringVar(&k.name, "name", "", "your `name` in the room (default: this host's name)")
	k.waitFlag(c)
}

func (k *link) waitFlag(c *cobra.Command) {
	c.Flags().DurationVar(&k.wait, "wait", 5*time.Second, "how long to try to reach the server over TCP")
}

// resolve reads what every command of a client needs: the language, the server
// of args, of which the first may say it, and the name where none was given.
func (k *link) resolve(c *cobra.Command, args []string) (w words, host string, port uint16, err error) {
	if w.Lang, err = language(c); err != nil {
		return w, "", 0, err
	}
	where := defaultHost
	if len(args) > 0 {
		where = args[0]
	}
	if k.name == "" && !c.Flags().Changed("name") {
		k.name = hostnames.Own()
	}
	host, port, err = k.address(where)
	return w, host, port, err
}

// address reads HOST or HOST:PORT.
func (k *link) address(s string) (host string, port uint16, err error) {
	port = tcpPort
	if k.udp {
		port = udpPort
	}
	host = s
	if _, err := netip.ParseAddr(s); err != nil && strings.Contains(s, ":") {
		h, p, err := net.SplitHostPort(s)
		n, numErr := strconv.ParseUint(p, 10, 16)
		if err != nil || numErr != nil || n == 0 {
			return "", 0, exit.Usagef("server %q: want HOST or HOST:PORT", s)
		}
		host, port = h, uint16(n)
	}
	if host == "" {
		return "", 0, exit.Usagef("server %q: want HOST or HOST:PORT", s)
	}
	return host, port, nil
}

// dial returns a client of the room at host. Over TCP it tries until k.wait is
// over, and says once through waiting that it does.
func (k *link) dial(ctx context.Context, host string, port uint16, waiting func(cause error)) (*client.Conn, error) {
	if _, err := chat.CleanName(k.name); err != nil {
		return nil, exit.Usagef("name %q: %w (choose one with --name)", k.name, err)
	}
	interrupted := ctx
	ctx, cancel := context.WithTimeout(ctx, k.wait)
	defer cancel()
	for said := false; ; said = true {
		client, err := k.attempt(ctx, host, port)
		if err == nil {
			return client, nil
		}
		if !said && !k.udp && ctx.Err() == nil {
			waiting(err)
		}
		select {
		case <-time.After(100 * time.Millisecond): // between two tries
		case <-ctx.Done():
		}
		switch {
		case interrupted.Err() != nil:
			return nil, exit.Silent(exit.Interrupted)
		case k.udp || ctx.Err() != nil:
			return nil, unreachable(host, port, err)
		}
	}
}

func unreachable(host string, port uint16, cause error) error {
	return exit.With(exit.Unable, fmt.Errorf("no chat at %s: %w (is `wirelab chat serve` running there?)", target(host, port), cause))
}

func (k *link) attempt(ctx context.Context, host string, port uint16) (*client.Conn, error) {
	ip, err := hostnames.Lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	network := "tcp"
	if k.udp {
		network = "udp"
	}
	// A lab's wire shows what is said and nothing else.
	dialer := net.Dialer{KeepAlive: -1}
	dialer.SetMultipathTCP(false)
	conn, err := dialer.DialContext(ctx, network, netip.AddrPortFrom(ip, port).String())
	if err != nil {
		return nil, err
	}
	if k.udp {
		return client.NewUDP(conn, k.name)
	}
	return client.ResumeTCP(ctx, conn, k.name, k.resume)
}

func target(host string, port uint16) string {
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}

// language reads --lang.
func language(c *cobra.Command) (lang.Lang, error) {
	value, err := c.Flags().GetString("lang")
	if err != nil {
		return lang.English, err
	}
	l, err := lang.Parse(value)
	return l, exit.With(exit.Usage, err)
}

// terminal reports whether a person sits at the stream.
func terminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// typed returns the lines of in as they come. The channel is closed at the end
// of in. The goroutine ends then, or with its next line once ctx has ended: a
// read from a terminal cannot be called off, and does not outlive the process.
func typed(ctx context.Context, in *chat.LineReader, tooLong func()) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for {
			line, err := in.ReadLine()
			if errors.Is(err, chat.ErrTooLong) {
				tooLong()
				continue
			}
			if err != nil {
				return
			}
			select {
			case lines <- line:
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

func lineReader(in io.Reader) *chat.LineReader { return chat.NewLineReader(in, chat.MaxLine) }
