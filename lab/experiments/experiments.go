// Package experiments holds the experiments that come with wirelab, one a
// file. A student's own experiment is a file of the same form.
package experiments

import (
	"embed"
	"os"
	"slices"
	"strings"

	"wirelab/internal/i18n"
	"wirelab/internal/suggest"
	"wirelab/lab/script"
)

//go:embed *.txtar
var files embed.FS

// course has the lessons, in an order in which each needs only those before it.
var course = []string{"ping", "tcp-chat", "udp-chat", "hub-and-switch"}

// order is that of all experiments: behind the lessons one that needs cables of the lab's
// own and one of IPv6, which not every backend has, and those that judge captures of
// ordinary networks.
var order = append(slices.Clone(course), "tcp-loss", "ping6", "ping-once", "tcp-once")

// Course returns the lessons. What the other experiments show is in them.
func Course() ([]*script.Experiment, error) {
	all, err := All()
	return all[:min(len(course), len(all))], err
}

// All returns every experiment, the lessons first.
func All() ([]*script.Experiment, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, err
	}
	var all []*script.Experiment
	for _, entry := range entries {
		e, err := load(entry.Name(), "")
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	slices.SortStableFunc(all, func(a, b *script.Experiment) int {
		return slices.Index(order, a.Name) - slices.Index(order, b.Name)
	})
	return all, nil
}

// CourseNames returns the names of the lessons, in order.
func CourseNames() []string { return slices.Clone(course) }

// Names returns their names in the same order.
func Names() []string { return slices.Clone(order) }

// Find returns the experiment of a name, or that of a path to a file of one's
// own: a word with a slash or the ending .txtar.
func Find(name string) (*script.Experiment, error) { return FindSeeded(name, "") }

// FindSeeded is Find with a seed; "" is none.
func FindSeeded(name, seed string) (*script.Experiment, error) {
	if strings.ContainsAny(name, `/\`) || strings.HasSuffix(name, ".txtar") {
		return script.ReadSeeded(name, seed)
	}
	if !slices.Contains(order, name) {
		return nil, unknown(name)
	}
	return load(name+".txtar", seed)
}

// unknown is the error of a name that no experiment has. Where a file of that name
// is at hand, that may have been meant.
func unknown(name string) error {
	hint := suggest.Hint(name, order)
	if file := "./" + name + ".txtar"; exists(file) {
		hint = i18n.Msg("usage.meant", "Word", file)
	}
	return i18n.Errmsg("run.unknown", "Name", name, "Hint", hint, "Known", order)
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// Source returns the text of an experiment that comes with wirelab.
func Source(name string) ([]byte, error) { return files.ReadFile(name + ".txtar") }

func load(file, seed string) (*script.Experiment, error) {
	data, err := files.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return script.ParseSeeded(file, data, seed)
}
