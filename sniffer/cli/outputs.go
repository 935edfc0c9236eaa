package cli

import (
	"fmt"
	"slices"
	"strings"

	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/sniffer/render"
)

// output is a value of -o: how frames are shown.
type output struct {
	name    string
	help    i18n.Message
	printer func(render.Options) render.Printer // of each frame by itself; nil: none
}

// picture stands for any name that ends in .svg.
const picture = "NAME.svg"

var outputs = []output{
	{"line", i18n.Msg("sniff.output.line"), render.NewLine},
	{"note", i18n.Msg("sniff.output.note"), render.NewNote},
	{"fields", i18n.Msg("sniff.output.fields"), render.NewFields},
	{"json", i18n.Msg("sniff.output.json"), render.NewJSON},
	{"stream", i18n.Msg("sniff.output.stream"), nil},
	{"ladder", i18n.Msg("sniff.output.ladder"), nil},
	{picture, i18n.Msg("sniff.output.picture"), nil},
	{"none", i18n.Msg("sniff.output.none"), nil},
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

// outputNames are what -o takes.
func outputNames() []string {
	var names []string
	for _, o := range outputs {
		names = append(names, o.name)
	}
	return names
}

// outputHelp describes the outputs in a language, a line each.
func outputHelp(l lang.Lang) string {
	var b strings.Builder
	for _, o := range outputs {
		fmt.Fprintf(&b, "  %-9s %s\n", o.name, o.help.In(l))
	}
	return b.String()
}
