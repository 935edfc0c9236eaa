package cli

import (
	"fmt"
	"slices"
	"strings"

	"wirelab/internal/columns"
	"wirelab/internal/i18n"
	"wirelab/internal/self"
	"wirelab/lab"
	"wirelab/lab/report"
)

func (u *holder) text(code string, pairs ...any) string { return i18n.Text(u.lang, code, pairs...) }

// command returns a command line of this program, for this lab.
func (u *holder) command(word string, rest ...string) string {
	words := []string{self.Command(), word}
	if u.name != defaultLab {
		words = append(words, "--lab", u.name)
	}
	return strings.Join(append(words, rest...), " ")
}

// suggestion is a command line to paste, and what it does.
type suggestion struct{ line, does string }

func (u *holder) suggestions() []suggestion {
	attach := heldLab
	if u.name != defaultLab {
		attach += ":" + u.name
	}
	hosts := u.topology.Judged()
	first, last := hosts[0], hosts[len(hosts)-1]
	run, segment := "ping", ""
	if u.experiment != "" {
		run = self.Quote(u.experiment)
	}
	if len(u.topology.Segments) > 1 {
		segment = u.topology.SegmentNames()[0] + " "
	}
	var all []suggestion
	switch {
	case u.experiment != "" && len(hosts) > 1:
		all = append(all, suggestion{u.command("exec", first+" -- ping "+last), u.text("up.do.ping")})
	case u.experiment == "":
		all = append(all, suggestion{u.command("exec", first+" -- chat join server"), u.text("up.do.join")})
		if len(hosts) > 2 {
			all = append(all, suggestion{u.command("exec", "client2 -- chat join --udp server"), u.text("up.do.udp")})
		}
	}
	return append(all,
		suggestion{u.command("exec", "sniffer -- sniff"), u.text("up.do.sniff")},
		suggestion{u.command("exec", first), u.text("up.do.shell", "Host", first)},
		suggestion{u.command("mode", segment+"switch"), u.text("up.do.switch")},
		suggestion{self.Command() + " run --attach " + attach + " " + run, u.text("up.do.run")},
	)
}

// welcome draws the lab and says what can be done in it.
func (u *holder) welcome(n lab.Network) {
	t := u.terminal()
	names, is := u.topology.SegmentNames(), i18n.Msg("up.is", "Lab", u.name)
	if len(names) > 1 {
		is = i18n.Msg("up.several", "Lab", u.name)
	}
	t.Paragraph("", 0, is.In(u.lang), 0)
	for i, name := range names {
		fmt.Fprintln(u.out)
		segment := u.text("show.segment")
		if len(names) > 1 {
			segment = name
		}
		hosts := u.topology.SegmentHosts(i)
		rows := hostRows(n, hosts, name) // a host has one port on a segment
		for j := range rows {
			if u.topology.IsRouter(hosts[j]) {
				rows[j] += "  " + u.text("show.router")
			}
		}
		t.Segment(rows, segment, func(int) string { return "" })
	}
	if u.page != nil {
		fmt.Fprintln(u.out)
		_ = u.page.say() // as the lines around it
	}
	fmt.Fprintf(u.out, "\n%s\n%s\n", u.text("up.paste"), paste(u.suggestions(), u.show.Width))
}

// say prints lines for people.
func (u *holder) say(lines string) {
	for line := range strings.SplitSeq(lines, "\n") {
		u.terminal().Paragraph("", 0, line, 0)
	}
}

func (u *holder) terminal() *report.Terminal { return report.NewTerminal(u.out, u.lang, u.show) }

// paste lays suggestions out: what each does behind it, where every one fits, else
// above it. Of 0 columns there is no limit.
func paste(all []suggestion, cols int) string {
	const indent, gap = "  ", "   # "
	wide := 0
	for _, s := range all {
		wide = max(wide, columns.Width(s.line))
	}
	above := slices.ContainsFunc(all, func(s suggestion) bool {
		return cols > 0 && len(indent)+wide+len(gap)+columns.Width(s.does) > cols
	})
	var b strings.Builder
	for _, s := range all {
		if above {
			fmt.Fprintf(&b, "%s# %s\n%s%s\n", indent, s.does, indent, s.line)
		} else {
			fmt.Fprintf(&b, "%s%s%s%s\n", indent, columns.Pad(s.line, wide), gap, s.does)
		}
	}
	return b.String()
}
