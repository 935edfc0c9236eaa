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

// labFlag adds --lab, the name of a lab that is up (openLab), to a command.
func labFlag(cmd *cobra.Command) *string {
	name := cmd.Flags().String("lab", defaultLab, "")
	cmdline.Complete(cmd, "lab", func() []string {
		var names []string
		labs, _ := netns.Labs(cmd.Context()) // those that answer
		for _, l := range labs {
			names = append(names, l.Name)
		}
		return append(names, composeLabs(cmd.Context())...)
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
		labs, err := standingLabs(cmd.Context())
		w := cmd.OutOrStdout()
		var failed error
		if *asJSON {
			failed = writeLabs(w, labs)
		} else {
			failed = printLabs(w, labs, cmdline.Lang(cmd), time.Now())
		}
		return unableIn(cmd.Context(), leave(errors.Join(err, failed), labs...))
	}
	return cmd
}

// printLabs prints labs for people.
func printLabs(w io.Writer, labs []*standing, l lang.Lang, now time.Time) error {
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
		fmt.Fprintf(&b, "%s  %s\n", t.Paint("1", held.Name), i18n.Text(l, "ls.lab", "Mode", modesText(l, held.Segments), "Since", clock(held.Since, now)))
		for _, row := range hostRows(held.Network, held.Hosts, "") {
			fmt.Fprintln(&b, "  "+row)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// hostRows are the ports of hosts in columns: host, IP address, MAC address; those on
// one segment, or on all, with the segment's name where there are several.
func hostRows(n lab.Network, hosts []string, segment string) []string {
	name, where, address := 0, 0, 0
	segments := map[string]bool{}
	var ports []hostPort
	for _, host := range hosts {
		name = max(name, len(host))
		for _, port := range n.Host(host).Ports() {
			segments[port.Segment] = true
			where, address = max(where, len(port.Segment)), max(address, len(ip(port)))
			if segment == "" || port.Segment == segment {
				ports = append(ports, hostPort{host, port})
			}
		}
	}
	var rows []string
	for _, p := range ports {
		row := fmt.Sprintf("%-*s  ", name, p.host)
		if segment == "" && len(segments) > 1 {
			row += fmt.Sprintf("%-*s  ", where, p.Segment)
		}
		rows = append(rows, row+fmt.Sprintf("%-*s  %s", address, ip(p.Port), p.MAC))
	}
	return rows
}

// hostPort is a port and whose it is.
type hostPort struct {
	host string
	lab.Port
}

// ip is the address of a port, "" if it has none.
func ip(port lab.Port) string {
	if len(port.Addrs) == 0 {
		return ""
	}
	return port.Addrs[0].Addr().String()
}

// modesText says what the segments of a lab are: all of them, if they are alike.
func modesText(l lang.Lang, segments []netns.HeldSegment) string {
	if mode, alike := sameMode(segments); alike {
		return modeText(mode).In(l)
	}
	var all []string
	for _, s := range segments {
		all = append(all, i18n.Text(l, "ls.segment", "Segment", s.Name, "Mode", modeText(s.Mode)))
	}
	return strings.Join(all, l.Pick(", ", "、"))
}

// sameMode returns the mode of all segments, if it is one.
func sameMode(segments []netns.HeldSegment) (mode lab.Mode, alike bool) {
	for i, s := range segments {
		if i > 0 && s.Mode != mode {
			return "", false
		}
		mode = s.Mode
	}
	return mode, true
}

func modeText(mode lab.Mode) i18n.Message {
	switch mode {
	case lab.Switch:
		return i18n.Msg("lab.switch")
	case lab.Hub:
		return i18n.Msg("lab.hub")
	}
	return i18n.Msg("lab.segment")
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
	Name     string          `json:"name"` // as --lab takes it
	Kind     string          `json:"kind"` // "lab" or "compose", as --attach has it
	Since    time.Time       `json:"since"`
	Mode     lab.Mode        `json:"mode,omitempty"` // of all segments, if it is one and known
	Segments []listedSegment `json:"segments"`
	Hosts    []listedHost    `json:"hosts"`
}

type listedSegment struct {
	Name string   `json:"name"`
	Mode lab.Mode `json:"mode,omitempty"`
}

type listedHost struct {
	Name  string       `json:"name"`
	Ports []listedPort `json:"ports"`
}

type listedPort struct {
	Device    string         `json:"device"`
	Segment   string         `json:"segment"`
	MAC       string         `json:"mac"`
	Addresses []netip.Prefix `json:"addresses"`
}

// writeLabs writes labs for programs.
func writeLabs(w io.Writer, labs []*standing) error {
	doc := struct {
		Schema string      `json:"schema"`
		Labs   []listedLab `json:"labs"`
	}{"wirelab/labs/v1", []listedLab{}}
	for _, held := range labs {
		l := listedLab{Name: held.Name, Kind: held.kind, Since: held.Since.UTC()}
		l.Mode, _ = sameMode(held.Segments)
		for _, s := range held.Segments {
			l.Segments = append(l.Segments, listedSegment(s))
		}
		for _, host := range held.Hosts {
			h := listedHost{Name: host}
			for _, port := range held.Network.Host(host).Ports() {
				h.Ports = append(h.Ports, listedPort{port.Device, port.Segment, port.MAC.String(), port.Addrs})
			}
			l.Hosts = append(l.Hosts, h)
		}
		doc.Labs = append(doc.Labs, l)
	}
	return report.EncodeJSON(w, doc)
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
		if project, ok := composeName(*name); ok {
			command := "docker compose down -v"
			if project != "" {
				command = "docker compose -p " + project + " down -v"
			}
			return exit.UsageMsg("held.compose.down", "Command", command)
		}
		return unableIn(cmd.Context(), netns.Down(cmd.Context(), *name))
	}
	return cmd
}
