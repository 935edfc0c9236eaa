package cli

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/display"
	"wirelab/internal/exit"
	"wirelab/internal/hostnames"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/lab"
	"wirelab/lab/netns"
	"wirelab/lab/report"
)

// defaultLab is the name of the interactive lab where none is given.
const defaultLab = "default"

// labFlag adds --lab, the name of an interactive lab, to a command.
func labFlag(cmd *cobra.Command) *string {
	name := cmd.Flags().String("lab", defaultLab, "")
	cmdline.Complete(cmd, "lab", func() []string {
		var names []string
		labs, _ := netns.Labs(cmd.Context()) // those that answer
		for _, l := range labs {
			names = append(names, l.Name)
		}
		return names
	})
	return name
}

func lsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:        "ls",
		SuggestFor: []string{"labs", "ps", "status"},
		GroupID:    cmdline.Lab,
		Args:       cmdline.Args(0, 0),
	}
	asJSON := cmd.Flags().Bool("json", false, "")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		labs, err := netns.Labs(cmd.Context())
		w := cmd.OutOrStdout()
		var failed error
		if *asJSON {
			failed = writeLabs(w, labs)
		} else {
			failed = printLabs(w, labs, cmdline.Lang(cmd), time.Now())
		}
		return unableIn(cmd.Context(), errors.Join(err, failed))
	}
	return cmd
}

// printLabs prints labs for people.
func printLabs(w io.Writer, labs []*netns.Held, l lang.Lang, now time.Time) error {
	t := report.NewTerminal(w, l, display.Of(w))
	var b strings.Builder
	switch host := os.Getenv(hostnames.OwnVariable); {
	case len(labs) > 0:
	case host != "":
		fmt.Fprintln(&b, i18n.Text(l, "held.inside", "Host", host))
	default:
		fmt.Fprintln(&b, i18n.Text(l, "ls.none"))
	}
	for i, held := range labs {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s  %s\n", t.Paint("1", held.Name), i18n.Text(l, "ls.lab", "Mode", modeText(held.Mode), "Since", clock(held.Since, now)))
		for _, row := range hostRows(held.Network, held.Hosts) {
			fmt.Fprintln(&b, "  "+row)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// hostRows are the ports of hosts in columns: host, IP address, MAC address.
func hostRows(n lab.Network, hosts []string) []string {
	name, address := 0, 0
	for _, host := range hosts {
		name = max(name, len(host))
		for _, port := range n.Host(host).Ports() {
			address = max(address, len(ip(port)))
		}
	}
	var rows []string
	for _, host := range hosts {
		for _, port := range n.Host(host).Ports() {
			rows = append(rows, fmt.Sprintf("%-*s  %-*s  %s", name, host, address, ip(port), port.MAC))
		}
	}
	return rows
}

// ip is the address of a port, "" if it has none.
func ip(port lab.Port) string {
	if len(port.Addrs) == 0 {
		return ""
	}
	return port.Addrs[0].Addr().String()
}

func modeText(mode lab.Mode) i18n.Message {
	if mode == lab.Switch {
		return i18n.Msg("lab.switch")
	}
	return i18n.Msg("lab.hub")
}

// clock is a moment as people say it today: with the day only if it is another.
func clock(at, now time.Time) string {
	at = at.Local()
	if at.Format(time.DateOnly) == now.Local().Format(time.DateOnly) {
		return at.Format("15:04")
	}
	return at.Format("2006-01-02 15:04")
}

type listedLab struct {
	Name  string       `json:"name"`
	Since time.Time    `json:"since"`
	Mode  lab.Mode     `json:"mode"`
	Hosts []listedHost `json:"hosts"`
}

type listedHost struct {
	Name  string       `json:"name"`
	Ports []listedPort `json:"ports"`
}

type listedPort struct {
	Device    string         `json:"device"`
	MAC       string         `json:"mac"`
	Addresses []netip.Prefix `json:"addresses"`
}

// writeLabs writes labs for programs.
func writeLabs(w io.Writer, labs []*netns.Held) error {
	doc := struct {
		Schema string      `json:"schema"`
		Labs   []listedLab `json:"labs"`
	}{"wirelab/labs/v1", []listedLab{}}
	for _, held := range labs {
		l := listedLab{Name: held.Name, Since: held.Since.UTC(), Mode: held.Mode}
		for _, host := range held.Hosts {
			h := listedHost{Name: host}
			for _, port := range held.Network.Host(host).Ports() {
				h.Ports = append(h.Ports, listedPort{port.Device, port.MAC.String(), port.Addrs})
			}
			l.Hosts = append(l.Hosts, h)
		}
		doc.Labs = append(doc.Labs, l)
	}
	return report.EncodeJSON(w, doc)
}

func modeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:        "mode hub|switch",
		SuggestFor: []string{"hub", "switch"},
		GroupID:    cmdline.Lab,
		Args:       cmdline.Args(1, 1),
	}
	name := labFlag(cmd)
	modes := []string{string(lab.Hub), string(lab.Switch)}
	cmdline.CompleteArgs(cmd, func(args []string, _ string) []string {
		if len(args) > 0 {
			return nil
		}
		return modes
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		mode, err := lab.ParseMode(args[0])
		if err != nil {
			return cmdline.OneOf("mode", args[0], modes...)
		}
		held, err := netns.Open(cmd.Context(), *name)
		if err == nil {
			err = held.Network.Segment(lab.DefaultSegment).SetMode(cmd.Context(), mode)
		}
		if err != nil {
			return unableIn(cmd.Context(), err)
		}
		said := i18n.Msg("mode.hub")
		if mode == lab.Switch {
			said = i18n.Msg("mode.switch")
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), said.In(cmdline.Lang(cmd)))
		return exit.With(exit.Unable, err)
	}
	return cmd
}

func downCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:        "down",
		SuggestFor: []string{"stop", "kill"},
		GroupID:    cmdline.Lab,
		Args:       cmdline.Args(0, 0),
	}
	name := labFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return unableIn(cmd.Context(), netns.Down(cmd.Context(), *name))
	}
	return cmd
}
