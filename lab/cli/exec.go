package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"wirelab/internal/cmdline"
	"wirelab/internal/display"
	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/suggest"
	"wirelab/lab"
	"wirelab/lab/report"
)

func execCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:        "exec HOST [--] [COMMAND…]",
		SuggestFor: []string{"ssh", "shell", "attach"},
		GroupID:    cmdline.Lab,
		Args:       cmdline.Args(1, -1),
	}
	cmd.Flags().SetInterspersed(false) // what follows the host is the command's
	name := labFlag(cmd)
	all := cmd.Flags().Bool("all", false, "")
	cmdline.CompleteArgs(cmd, func(args []string, _ string) []string {
		if len(args) == 0 && !*all {
			return hostsOf(cmd.Context(), *name)
		}
		return commandNames(cmd.Root())
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		up, err := openLab(ctx, *name)
		if err != nil {
			return unableIn(ctx, err)
		}
		run := execOne
		if *all {
			run = execAll
		}
		code, err := run(cmd, up, args)
		if err := leave(err, up); err != nil {
			return unableIn(ctx, err)
		}
		return exit.Silent(code)
	}
	return cmd
}

// execOne runs a command, or a shell, on the host that is named first.
func execOne(cmd *cobra.Command, up *standing, args []string) (code int, err error) {
	host, command := args[0], args[1:]
	if !slices.Contains(up.Hosts, host) {
		return 0, noHost(host, up.Hosts)
	}
	if len(command) > 0 && command[0] == "--" {
		command = command[1:]
	}
	var env []string
	switch {
	case len(command) > 0:
		if command, err = onHost(cmd.Root(), up, command); err != nil {
			return 0, err
		}
	case up.kind == composeLab:
		return 0, exit.UsageMsg("exec.noshell", "Host", host, "Lab", up.Name)
	default:
		command, env = shell(host)
		if onTerminal() {
			printShellNotice(os.Stdout, cmdline.Lang(cmd), host)
		}
	}
	code, err = up.exec(cmd.Context(), host, env, command...)
	if onTerminal() {
		discardTyped() // for a command that has ended, and not for the shell
	}
	return code, err
}

// hostsOf are the hosts of a lab, or those that one will have which is not up.
func hostsOf(ctx context.Context, name string) []string {
	if up, err := openLab(ctx, name); err == nil {
		defer up.Network.Close()
		return up.Hosts
	}
	return lab.DefaultTopology.Hosts
}

// commandNames are the words that name a wirelab command.
func commandNames(root *cobra.Command) []string {
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	return names
}

// onTerminal reports whether a person types here and sees what is printed.
func onTerminal() bool { return term.IsTerminal(0) && term.IsTerminal(1) }

// onHost returns a command line as the lab's hosts start it: with a wirelab command
// first, or with the path of a program, which is of this machine unless the hosts are
// containers.
func onHost(root *cobra.Command, up *standing, args []string) ([]string, error) {
	if args[0] == "wirelab" && len(args) > 1 {
		args = args[1:]
	}
	word := args[0]
	known := func(c *cobra.Command) bool { return c.Name() == word || c.HasAlias(word) }
	if strings.Contains(word, "/") || slices.ContainsFunc(root.Commands(), known) {
		return args, nil
	}
	if up.kind == composeLab {
		return nil, exit.UnableMsg("exec.container", "Word", word, "Hint", suggest.Hint(word, commandNames(root)))
	}
	// Where the person finds programs, and then where the administrator does,
	// who has more of those that look at networks.
	dirs := append(filepath.SplitList(os.Getenv("PATH")), filepath.SplitList(lab.Path)...)
	for _, dir := range dirs {
		if !filepath.IsAbs(dir) {
			continue
		}
		if path, err := exec.LookPath(filepath.Join(dir, word)); err == nil {
			return append([]string{path}, args[1:]...), nil
		}
	}
	return nil, exit.UnableMsg("exec.unknown", "Word", word, "Hint", suggest.Hint(word, words(root, dirs)))
}

// words are what can stand first in a command line for a host.
func words(root *cobra.Command, dirs []string) []string {
	known := commandNames(root)
	for _, dir := range dirs {
		entries, _ := os.ReadDir(dir) // a folder that cannot be read has no programs
		for _, e := range entries {
			known = append(known, e.Name())
		}
	}
	return known
}

// shell returns the command line of a shell that shows on which host it is.
// wirelab is the last thing that it finds.
func shell(host string) (args, env []string) {
	path := lab.Path
	if own, err := os.Executable(); err == nil {
		path += string(filepath.ListSeparator) + filepath.Dir(own)
	}
	env = []string{"PATH=" + path}
	const bash = "/bin/bash"
	if _, err := os.Stat(bash); err != nil {
		return []string{"/bin/sh"}, append(env, "PS1="+host+"# ")
	}
	// The start-up files of a person or a system would set another prompt.
	return []string{bash, "--norc", "--noprofile"}, append(env, `PS1=`+host+`:\w\$ `, "HISTFILE=")
}

// printShellNotice says who one is in a shell on a host, and what can be typed there.
func printShellNotice(w io.Writer, l lang.Lang, host string) {
	here := "wirelab"
	if own, err := os.Executable(); err == nil {
		here = filepath.Base(own) // which shell has put in PATH
	}
	t := report.NewTerminal(w, l, display.Of(w))
	for _, m := range []i18n.Message{shellNotice(host), i18n.Msg("exec.shell.do", "Here", here)} {
		t.Paragraph("", 0, m.In(l), 0)
	}
}

// shellNotice says who one is in a shell on a host.
func shellNotice(host string) i18n.Message {
	if os.Geteuid() == 0 {
		return i18n.Msg("exec.shell.root", "Host", host)
	}
	who := fmt.Sprint(os.Geteuid())
	if u, err := user.Current(); err == nil {
		who = u.Username
	}
	return i18n.Msg("exec.shell.user", "Host", host, "User", who)
}
