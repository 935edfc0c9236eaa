// Package cli has the chat's commands: serve, join, send and watch.
package cli

import (
	"context"
	"errors"
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
		Long: `A chat room over TCP (port 7000) and UDP (port 7001) at once. It makes the
traffic of the course note's experiments: over TCP a chat opens with a three-way
handshake and closes with FINs; over UDP it does neither.`,
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

// clientFlags are the flags of a client's commands.
type clientFlags struct {
	udp  bool
	name string        // empty: hostnames.Own
	wait time.Duration // to be connected over TCP, and for an answer
}

func (k *clientFlags) add(c *cobra.Command) {
	c.Flags().BoolVar(&k.udp, "udp", false, "chat over UDP (port 7001) instead of TCP (port 7000)")
	c.Flags().StringVar(&k.name, "name", "", "your `name` in the room (default: this host's name)")
	k.addWait(c)
}

func (k *clientFlags) addWait(c *cobra.Command) {
	c.Flags().DurationVar(&k.wait, "wait", 5*time.Second, "how long to try to reach the server over TCP")
}

// config returns the language of a command and the config of its session. The first
// argument, if there is one, is the server. The name is empty only if --name is.
func (k *clientFlags) config(c *cobra.Command, args []string) (w words, config client.Config, err error) {
	if w.Lang, err = language(c); err != nil {
		return w, config, err
	}
	server := defaultHost
	if len(args) > 0 {
		server = args[0]
	}
	name := k.name
	if name == "" && !c.Flags().Changed("name") {
		name = hostnames.Own()
	}
	if name != "" {
		if name, err = chat.CleanName(name); err != nil {
			return w, config, nameError(k.name, err)
		}
	}
	config = client.Config{UDP: k.udp, Name: name, Wait: k.wait}
	config.Host, config.Port, err = k.address(server)
	return w, config, err
}

// checkNamed refuses a config without a name, where nobody can be asked for one.
func checkNamed(config client.Config) error {
	if config.Name == "" {
		return nameError("", chat.ErrNoName)
	}
	return nil
}

func nameError(name string, cause error) error {
	return exit.Usagef("name %q: %w (choose one with --name)", name, cause)
}

// address reads HOST or HOST:PORT.
func (k *clientFlags) address(s string) (host string, port uint16, err error) {
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

// language reads --lang.
func language(c *cobra.Command) (lang.Lang, error) {
	value, err := c.Flags().GetString("lang")
	if err != nil {
		return lang.English, err
	}
	l, err := lang.Parse(value)
	return l, exit.With(exit.Usage, err)
}

// terminal reports whether the stream is a terminal.
func terminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// typed returns the lines of in as they come. The channel is closed at the end of in.
// The goroutine ends then, or with its next line once ctx has ended: a read from a
// terminal cannot be cancelled.
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
