package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/display"
	"wirelab/internal/exit"
	"wirelab/internal/lang"
	"wirelab/internal/webguard"
	"wirelab/lab"
	"wirelab/lab/netns"
)

func upCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "up [EXPERIMENT]",
		GroupID: cmdline.Lab,
		Args:    cmdline.Args(0, 1),
	}
	completeExperiments(cmd)
	u := &holder{}
	name, ascii := labFlag(cmd), asciiFlag(cmd)
	noChat := cmd.Flags().Bool("no-chat", false, "")
	tmux := cmd.Flags().Bool("tmux", false, "")
	clients := cmd.Flags().Int("hosts", 0, "")
	pageAt := cmd.Flags().String("web", "", "")
	cmd.Flags().Lookup("web").NoOptDefVal = webAddress
	cmd.MarkFlagsMutuallyExclusive("no-chat", "tmux")
	cmd.MarkFlagsMutuallyExclusive("hosts", "tmux")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		many := cmd.Flags().Changed("hosts")
		switch {
		case len(args) > 0 && (many || *tmux):
			return exit.UsageMsg("up.both")
		case many && (*clients < 1 || *clients > lab.MaxHosts-2):
			return exit.UsageMsg("up.hosts", "Value", *clients, "Most", lab.MaxHosts-2)
		}
		if _, ok := composeName(*name); ok {
			return exit.UsageMsg("held.compose.up", "Lab", *name)
		}
		u.topology = lab.DefaultTopology
		if many {
			u.topology = crowd(*clients)
		}
		if len(args) > 0 {
			e, err := findExperiment(args[0], "")
			if err != nil {
				return err
			}
			u.topology, u.experiment = e.Topology, args[0]
		}
		u.noChat = *noChat
		u.name, u.lang, u.out, u.errs = *name, cmdline.Lang(cmd), cmd.OutOrStdout(), cmd.ErrOrStderr()
		u.show = shown(u.out, *ascii)
		serve := u.chat
		switch {
		case !u.chats(): // an experiment starts its own programs
			serve = u.idle
		case *tmux:
			panes, err := newPanes(u)
			if err != nil {
				return err
			}
			serve = panes.show
		}
		if *pageAt != "" {
			all, err := offered(args)
			if err != nil {
				return err
			}
			u.page = &page{lang: u.lang, backend: autoBackend, experiments: all, labs: standingOnes{}, opened: u.name, out: u.out, errs: io.Discard}
			if u.chats() {
				u.page.teacher = webguard.NewToken()
			}
			if err := u.page.listen(*pageAt); err != nil {
				return err
			}
			defer u.page.listener.Close()
			serve = u.servePage(serve)
		}
		ctx, cancel := cmdline.Interruptible(cmd.Context())
		defer cancel()
		err := netns.Hold(ctx, u.name, u.topology, serve)
		if onTerminal() {
			discardTyped()
		}
		if err != nil && ctx.Err() == nil {
			return unable(ctx, err)
		}
		_, err = fmt.Fprintln(u.out, u.text("up.ended", "Lab", u.name)) // Ctrl-C is how one ends it
		return exit.With(exit.Unable, err)
	}
	return cmd
}

// crowd is the topology of a server and as many clients.
func crowd(clients int) lab.Topology {
	var hosts []string
	for i := range clients {
		hosts = append(hosts, fmt.Sprintf("client%d", i+1))
	}
	return lab.Hosts(append(hosts, server)...)
}

// holder holds an interactive lab.
type holder struct {
	name       string
	topology   lab.Topology
	noChat     bool
	experiment string // whose topology it is, as it was named; "" for none
	lang       lang.Lang
	show       display.Display // of out
	out, errs  io.Writer
	page       *page // nil: none
}

// server is the host of the chat server.
const server = "server"

// chatSocket is where the chat server serves its page to the lab's: on the host's own
// namespace, without a file.
const chatSocket = "@wirelab-page"

// serveChat is the command line of the chat server.
func (u *holder) serveChat() []string {
	line := []string{"chat", "serve", "--lang", string(u.lang)}
	if u.page != nil {
		line = append(line, "--web-proxy", chatSocket, "--web-proxy-roles")
	}
	return line
}

// chats reports whether the lab has a chat server.
func (u *holder) chats() bool { return !u.noChat && u.experiment == "" }

// chat holds the lab while its chat server runs. A terminal is its console.
func (u *holder) chat(ctx context.Context, n lab.Network) error {
	u.welcome(n)
	var code int
	var err error
	if onTerminal() {
		u.say(u.text("up.console") + "\n")
		code, err = netns.Exec(ctx, u.name, server, nil, u.serveChat()...)
	} else {
		u.say(u.text("up.log", "Down", u.command("down")) + "\n")
		code, err = u.serve(ctx, n)
	}
	if err == nil && code != exit.OK {
		err = exit.UnableMsg("up.chat", "Code", code)
	}
	return err
}

// serve runs the chat server without a terminal.
func (u *holder) serve(ctx context.Context, n lab.Network) (code int, err error) {
	p, err := n.Host(server).Start(ctx, lab.Cmd{Args: u.serveChat(), Stdout: u.out, Stderr: u.errs})
	if err != nil {
		return 0, err
	}
	return p.Wait(ctx)
}

// idle holds the lab until ctx ends, or a terminal's input.
func (u *holder) idle(ctx context.Context, n lab.Network) error {
	u.welcome(n)
	u.say(u.text("up.idle", "Down", u.command("down")))
	if !onTerminal() {
		<-ctx.Done()
		return nil
	}
	ended := make(chan struct{})
	go func() { // a read from a terminal cannot be called off: it ends with the process
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(ended)
	}()
	select {
	case <-ctx.Done():
	case <-ended:
	}
	return nil
}
