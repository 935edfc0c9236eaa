package cli

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"wirelab/internal/exit"
	"wirelab/internal/self"
	"wirelab/lab"
)

// panes is a lab in four panes of a tmux of its own: two clients, the sniffer and
// the console of the chat server. The person's tmux is not touched.
type panes struct {
	*holder
	tmux, own string // paths of the programs
}

// newPanes fails where there is no tmux, or no terminal to show it on.
func newPanes(u *holder) (*panes, error) {
	if !onTerminal() {
		return nil, exit.UsageMsg("tmux.noterminal")
	}
	tmux, err := exec.LookPath("tmux")
	if err != nil {
		return nil, exit.UnableMsg("tmux.missing", "Up", u.command("up"))
	}
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return &panes{u, tmux, own}, nil
}

// show shows the panes until the console ends or the person detaches.
func (p *panes) show(ctx context.Context, _ lab.Network) error {
	dir, err := os.MkdirTemp("", "wirelab-tmux-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	socket := filepath.Join(dir, "socket")
	tmux := exec.CommandContext(ctx, p.tmux, p.commandLine(socket)...)
	tmux.Cancel = func() error { return p.stop(socket) }
	tmux.Env = append(os.Environ(), "TMUX=") // or a tmux around this one is asked
	tmux.Stdin, tmux.Stdout, tmux.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = tmux.Run()
	if _, stopped := errors.AsType[*exec.ExitError](p.stop(socket)); stopped {
		// Its panes have ended, and tmux with the last of them.
		return exit.With(exit.Unable, err)
	}
	return nil
}

// stop ends the tmux of a socket.
func (p *panes) stop(socket string) error {
	return exec.Command(p.tmux, "-S", socket, "kill-server").Run()
}

// commandLine makes tmux show the panes. What runs in them ends with the lab, and
// tmux with them.
func (p *panes) commandLine(socket string) []string {
	run := func(host string, command ...string) string {
		return self.Quote(p.own) + " exec --lab " + p.name + " " + strings.Join(append([]string{host}, command...), " ")
	}
	pane := func(script string) []string { return []string{"/bin/sh", "-c", script} }
	// The socket's folder goes, too, where the process that holds the lab is killed.
	console := run(server, append([]string{"--"}, p.serveChat()...)...) + "; " +
		self.Quote(p.own) + " down --lab " + p.name + "; rm -rf " + self.Quote(filepath.Dir(socket))
	sniff := run(lab.SnifferHost, "--", "sniff") + "; exec " + run(lab.SnifferHost)
	line := []string{"-S", socket, "new-session", "-s", "wirelab"}
	line = append(line, pane("exec "+run("client1"))...)
	for _, each := range []struct{ title, script string }{
		{"client1", ""}, {"client2", "exec " + run("client2")}, {lab.SnifferHost, sniff}, {p.text("tmux.console"), console},
	} {
		if each.script != "" {
			line = append(line, ";", "split-window")
			line = append(line, pane(each.script)...)
			line = append(line, ";", "select-layout", "tiled")
		}
		line = append(line, ";", "set-option", "-p", "@host", each.title)
	}
	for _, option := range [][]string{
		{"remain-on-exit", "off"}, {"pane-border-status", "top"}, {"pane-border-format", " #{@host} "},
	} {
		line = append(append(line, ";", "set-option", "-w"), option...)
	}
	for _, option := range [][]string{
		{"mouse", "on"}, {"status-left", ""}, {"status-right", ""}, {"status-justify", "left"},
		{"window-status-current-format", p.text("tmux.status", "Lab", p.name)},
	} {
		line = append(append(line, ";", "set-option"), option...)
	}
	return append(line, ";", "select-pane", "-t", "{top-left}")
}
