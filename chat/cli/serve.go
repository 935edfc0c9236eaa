package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"wirelab/chat"
	"wirelab/internal/exit"
	"wirelab/internal/safetext"
)

func serveCommand() *cobra.Command {
	var tcp, udp string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve a room over TCP and UDP",
		Long: `Serves one room over TCP and UDP. Standard output shows the room; what is typed
is said to it as "server". The console's own words:

  print        who is in the room
  kick NAME    close that person's connection
  /quit        say goodbye to all and end

The end of the input does not end the server; SIGTERM and Ctrl-C do, politely.
Who comes, leaves or is cut is logged on standard error.`,
		Example: `  wirelab chat serve
  wirelab chat serve --tcp 127.0.0.1:7000 --udp ""    # this machine only, TCP only`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return serve(c, tcp, udp) },
	}
	c.Flags().StringVar(&tcp, "tcp", ":"+strconv.Itoa(tcpPort), "TCP `address` to listen on; empty for none")
	c.Flags().StringVar(&udp, "udp", ":"+strconv.Itoa(udpPort), "UDP `address` to listen on; empty for none")
	return c
}

func serve(c *cobra.Command, tcp, udp string) error {
	if tcp == "" && udp == "" {
		return exit.Usagef("nothing to listen on: both --tcp and --udp are empty")
	}
	ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, quit := context.WithCancel(ctx)
	defer quit()

	out, logs := newScreen(c.OutOrStdout()), newScreen(c.ErrOrStderr())
	defer logs.Close()
	defer out.Close()
	room := chat.NewRoom(slog.New(slog.NewTextHandler(logs, nil)))
	room.Watch(func(l chat.Line) { fmt.Fprintln(out, record(l)) })
	server := &chat.Server{Room: room}
	where, err := listen(ctx, server, tcp, udp)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "listening on "+where)

	console := typed(ctx, lineReader(c.InOrStdin()), func() { fmt.Fprintln(out, "line too long, not said") })
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx) }()
	for {
		select {
		case line, ok := <-console:
			switch {
			case !ok:
				console = nil // it may run without one
			case line == "/quit":
				quit()
			default:
				command(room, line, out)
			}
		case err := <-served:
			return exit.With(exit.Failed, err)
		}
	}
}

// listen binds the server's sockets and says where.
func listen(ctx context.Context, s *chat.Server, tcp, udp string) (where string, err error) {
	// A keep-alive sooner would be noise on a lab's wire; multipath TCP would
	// answer clients that offer it with other options than the lesson shows.
	config := net.ListenConfig{KeepAlive: 75 * time.Second}
	config.SetMultipathTCP(false)
	var bound []string
	if tcp != "" {
		if s.TCP, err = config.Listen(ctx, "tcp", tcp); err != nil {
			return "", occupied(err, "--tcp")
		}
		bound = append(bound, "tcp "+short(s.TCP.Addr()))
	}
	if udp != "" {
		if s.UDP, err = config.ListenPacket(ctx, "udp", udp); err != nil {
			if s.TCP != nil {
				s.TCP.Close()
			}
			return "", occupied(err, "--udp")
		}
		bound = append(bound, "udp "+short(s.UDP.LocalAddr()))
	}
	return strings.Join(bound, ", "), nil
}

func occupied(err error, flag string) error {
	return exit.With(exit.Unable, fmt.Errorf("%w (another address can be given with %s)", err, flag))
}

// short writes an address that means every interface as people type it, :7000.
func short(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return ":" + port
	}
	return a.String()
}

// record is a line as the server's screen shows it.
func record(l chat.Line) string {
	s := safetext.Strip(l.String())
	if (l.Kind == chat.Join || l.Kind == chat.Leave) && l.Text != "" {
		s += " (" + safetext.Strip(l.Text) + ")"
	}
	return s
}

// command carries out a line of the console.
func command(room *chat.Room, line string, out io.Writer) {
	switch name, isKick := strings.CutPrefix(line, "kick "); {
	case line == "print":
		people := room.People()
		for _, p := range people {
			fmt.Fprintf(out, "%s\t%s\t%s\tsince %s\n", p.Name, p.Transport, p.Address, p.Since.Format(time.TimeOnly))
		}
		fmt.Fprintf(out, "people: %d\n", len(people))
	case isKick:
		if err := room.Kick(strings.TrimSpace(name)); errors.Is(err, chat.ErrNobody) {
			fmt.Fprintln(out, err)
		}
	default:
		room.Say(line)
	}
}
