package report

import (
	"strings"

	"wirelab/internal/columns"
	"wirelab/lab"
)

// Segment draws hosts, a row each, with their cables to one segment. In the middle
// stands what the segment is, behind another row its note, if it has one:
//
//	client1 ──┐
//	server  ──┼── segment
//	sniffer ──┘   note
func (t *Terminal) Segment(rows []string, segment string, note func(row int) string) {
	wide := 0
	for _, row := range rows {
		wide = max(wide, columns.Width(row))
	}
	last := len(rows) - 1
	for i, row := range rows {
		cable, middle := "┤", "┼"
		switch i {
		case 0:
			cable, middle = "┐", "┬"
		case last:
			cable, middle = "┘", "┴"
		}
		cable, text := "──"+cable, "   "+note(i)
		if i == last/2 {
			cable, text = "──"+middle+"──", " "+segment
		}
		if t.show.ASCII {
			cable = asciiSegment.Replace(cable)
		}
		t.printf("  %s\n", strings.TrimRight(columns.Pad(row, wide)+" "+cable+text, " "))
	}
}

// asciiSegment draws a segment with ASCII characters.
var asciiSegment = strings.NewReplacer("─", "-", "┤", "|", "┐", "+", "┘", "+", "┼", "+", "┬", "+", "┴", "+")

// Topology draws the hosts of a lab and the segments that they are on.
func (t *Terminal) Topology(topology lab.Topology) {
	names := topology.SegmentNames()
	for i, name := range names {
		segment := t.text("show.segment")
		if len(names) > 1 || len(topology.Segments) > 0 {
			segment = name
			for _, subnet := range topology.Subnets(i) {
				segment += "  " + subnet.String()
			}
		}
		if i > 0 {
			t.printf("\n")
		}
		hosts := topology.SegmentHosts(i)
		var rows []string
		for _, host := range hosts {
			if topology.IsRouter(host) {
				host += " (" + t.text("show.router") + ")"
			}
			rows = append(rows, host)
		}
		t.Segment(rows, segment, func(i int) string {
			if hosts[i] == lab.SnifferHost {
				return t.text("show.sniffer")
			}
			return ""
		})
	}
}
