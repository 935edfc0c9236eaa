// Package cli has the chat's commands: serve, join, send and watch.
package cli

import (
	"context"
	"embed"
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
	"wirelab/internal/cmdline"
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

//go:embed help/*.txt
var help embed.FS

// Part returns the command chat with its commands and their help.
func Part() cmdline.Part {
	c := &cobra.Command{
		Use:     "chat",
		GroupID: cmdline.Tools,
	}
	cmdline.Group(c, nil)
	c.AddCommand(serveCommand(), joinCommand(), sendCommand(), watchCommand())
	return cmdline.Part{
		Commands: []*cobra.Command{c},
		Help: cmdline.Help{
			Files:  cmdline.Folder(help),
			Tables: map[string]func(lang.Lang) string{"console": func(l lang.Lang) string { return consoleHelp(l, "") }},
		},
	}
}

// clientFlags are the flags of a client's commands.
type clientFlags struct {
	udp  bool
	name string        // empty: hostnames.Own
	wait time.Duration // to be connected over TCP, and for an answer
}

func (k *clientFlags) add(c *cobra.Command) {
	c.Flags().BoolVar(&k.udp, "udp", false, "")
	c.Flags().StringVar(&k.name, "name", "", "")
	k.addWait(c)
}

func (k *clientFlags) addWait(c *cobra.Command) {
	c.Flags().DurationVar(&k.wait, "wait", 5*time.Second, "")
}

// config returns the language of a command and the config of its session. The first
// argument, if there is one, is the server. The name is empty only if --name is.
func (k *clientFlags) config(c *cobra.Command, args []string) (w words, config client.Config, err error) {
	w.Lang = cmdline.Lang(c)
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
	return exit.UsageMsg("chat.mistake.name", "Name", name, "Cause", cause)
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
			return "", 0, exit.UsageMsg("chat.mistake.server", "Word", s)
		}
		host, port = h, uint16(n)
	}
	if host == "" {
		return "", 0, exit.UsageMsg("chat.mistake.server", "Word", s)
	}
	return host, port, nil
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
