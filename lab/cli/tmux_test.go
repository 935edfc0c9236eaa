package cli

import (
	"testing"

	"wirelab/internal/columns"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
)

// The title of the console's pane, which says how the lab is ended, is whole in a
// terminal of 80 columns.
func TestTmuxTitleFits(t *testing.T) {
	const half, frame = 40, 6
	for _, l := range lang.All() {
		if title := i18n.Text(l, "tmux.console"); columns.Width(title) > half-frame {
			t.Errorf("%s: %q takes %d columns, want at most %d", l, title, columns.Width(title), half-frame)
		}
	}
}
