package cli

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"

	"wirelab/lab/class"
)

// coursesLike are the folders behind a path that is begun: those of courses, and others
// that may lead to one.
func coursesLike(begun string) []string {
	dir := begun[:strings.LastIndexByte(begun, '/')+1]
	entries, _ := os.ReadDir(cmp.Or(dir, ".")) // what cannot be read has nothing to offer
	var found []string
	for _, e := range entries {
		name := dir + e.Name()
		if !e.IsDir() || e.Name()[0] == '.' || !strings.HasPrefix(name, begun) {
			continue
		}
		if _, err := os.Stat(filepath.Join(name, class.ConfigFile)); err != nil {
			name += "/"
		}
		found = append(found, name)
	}
	return found
}
