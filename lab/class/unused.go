package class

import (
	"os"
	"path"
	"slices"
	"strings"

	"wirelab/internal/i18n"
	"wirelab/internal/safetext"
)

// Unused says of what lies in the folder of the submissions, and is graded for nobody, why:
// a folder that the roster does not know, and a file beside which work is missing. A
// student's other files, such as a program's source, are no mistake.
func (c *Course) Unused() (said []i18n.Message) {
	known := map[string]bool{}
	for _, s := range c.Students {
		known[s.ID] = true
	}
	lacks := map[string]bool{}
	_, missing := c.Jobs()
	for _, m := range missing {
		lacks[m.Student] = true
	}
	takes := map[string]bool{}
	for _, e := range c.Experiments {
		for _, ending := range endings[e.Submission] {
			takes[e.Name+ending] = true
		}
	}
	for _, id := range c.submitted() {
		if !known[id] {
			said = append(said, i18n.Msg("class.unused.folder", "File", safetext.Escape(path.Join(SubmissionFolder, id))))
			continue
		}
		if !lacks[id] {
			continue
		}
		for _, name := range c.submitted(id) {
			if !takes[name] {
				said = append(said, i18n.Msg("class.unused.file", "File", safetext.Escape(path.Join(SubmissionFolder, id, name))))
			}
		}
	}
	return said
}

// submitted are the names in a folder of the submissions, but hidden ones: what cannot be
// read, or is a link, has none.
func (c *Course) submitted(below ...string) (names []string) {
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return nil
	}
	defer root.Close()
	dir := path.Join(append([]string{SubmissionFolder}, below...)...)
	if info, err := root.Lstat(dir); err != nil || !info.IsDir() {
		return nil
	}
	f, err := root.Open(dir)
	if err != nil {
		return nil
	}
	defer f.Close()
	entries, _ := f.ReadDir(-1)
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names
}
