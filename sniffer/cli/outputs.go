package cli

import (
	"fmt"
	"slices"
	"strings"

	"wirelab/sniffer/render"
)

// output is a value of -o: how frames are shown.
type output struct {
	name    string
	help    string
	printer func(render.Options) render.Printer // of each frame by itself; nil: none
}

// picture stands for any name that ends in .svg.
const picture = "NAME.svg"

var outputs = []output{
	{"line", "one line a frame; the default", render.NewLine},
	{"note", "the fields of the course note, each with its bytes", render.NewNote},
	{"fields", "every field of every layer, with its bytes; one frame with --frame N", render.NewFields},
	{"json", "one JSON object a line, with all fields (docs/sniff-json.md)", render.NewJSON},
	{"ladder", "a ladder diagram at the end, with one lane per host", nil},
	{picture, "the same diagram as a picture in that file", nil},
	{"none", "no output; needs -w", nil},
}

// findOutput returns the output that -o names, nil if there is none.
func findOutput(name string) *output {
	if strings.HasSuffix(name, ".svg") {
		name = picture
	}
	if i := slices.IndexFunc(outputs, func(o output) bool { return o.name == name }); i >= 0 {
		return &outputs[i]
	}
	return nil
}

// outputNames lists the outputs: "line, note, … or none".
func outputNames() string {
	var names []string
	for _, o := range outputs {
		names = append(names, o.name)
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// outputHelp describes the outputs, a line each.
func outputHelp() string {
	var b strings.Builder
	for _, o := range outputs {
		fmt.Fprintf(&b, "  %-9s %s\n", o.name, o.help)
	}
	return b.String()
}
