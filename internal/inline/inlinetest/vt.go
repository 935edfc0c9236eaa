// Package inlinetest has a terminal for tests of what is drawn inline.
package inlinetest

import (
	"strconv"
	"strings"
	"testing"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"github.com/mattn/go-runewidth"
)

// VT is a terminal that knows what package inline may use. It fails the test for
// anything that a terminal would keep (modes, the alternate screen) and for
// anything else that it does not know.
type VT struct {
	t          testing.TB
	cols, rows int
	cells      [][]string // clusters; the second cell of a wide one is empty
	row, col   int
	wrap       bool // the last column is written, the next character wraps
	saved      [2]int
}

// New returns an empty terminal of that size.
func New(t testing.TB, cols, rows int) *VT {
	v := &VT{t: t, cols: cols, rows: rows}
	for range rows {
		v.cells = append(v.cells, v.blank())
	}
	return v
}

// Column returns the column of the cursor.
func (v *VT) Column() int { return v.col }

// Wrapped reports whether the last column was written, so that the next
// character wraps.
func (v *VT) Wrapped() bool { return v.wrap }

// SetCursor moves the cursor.
func (v *VT) SetCursor(row, col int) { v.row, v.col, v.wrap = row, col, false }

var columns = &runewidth.Condition{StrictEmojiNeutral: true}

func (v *VT) blank() []string {
	line := make([]string, v.cols)
	for i := range line {
		line[i] = " "
	}
	return line
}

// Show does what a terminal does with what is written to it.
func (v *VT) Show(s string) {
	v.t.Helper()
	for s != "" {
		switch s[0] {
		case '\r':
			v.col, v.wrap, s = 0, false, s[1:]
		case '\n':
			v.feed()
			s = s[1:]
		case 0x1b:
			s = v.escape(s)
		default:
			g := graphemes.FromString(s)
			g.Next()
			v.put(g.Value())
			s = s[len(g.Value()):]
		}
	}
}

func (v *VT) feed() {
	if v.row++; v.row == v.rows {
		v.cells = append(v.cells[1:], v.blank())
		v.row--
	}
}

func (v *VT) put(cluster string) {
	v.t.Helper()
	if r := cluster[0]; r < ' ' || r == 0x7f {
		v.t.Fatalf("control %q reached the terminal", cluster)
	}
	w := columns.StringWidth(cluster)
	if v.wrap || v.col+w > v.cols {
		v.col, v.wrap = 0, false
		v.feed()
	}
	v.cells[v.row][v.col] = cluster
	if w == 2 {
		v.cells[v.row][v.col+1] = ""
	}
	if v.col += w; v.col >= v.cols {
		v.col, v.wrap = v.cols-1, true
	}
}

func (v *VT) escape(s string) (rest string) {
	v.t.Helper()
	switch {
	case strings.HasPrefix(s, "\x1b7"):
		v.saved = [2]int{v.row, v.col}
		return s[2:]
	case strings.HasPrefix(s, "\x1b8"):
		v.row, v.col, v.wrap = v.saved[0], v.saved[1], false
		return s[2:]
	case !strings.HasPrefix(s, "\x1b["):
		v.t.Fatalf("unknown escape in %.20q", s)
	}
	end := strings.IndexAny(s[2:], "AHJKm")
	if end < 0 {
		v.t.Fatalf("unknown escape in %.20q", s)
	}
	parameters, final := s[2:2+end], s[2+end]
	switch {
	case final == 'A':
		n, err := strconv.Atoi(parameters)
		if err != nil && parameters != "" {
			v.t.Fatalf("unknown escape in %.20q", s)
		}
		v.row, v.wrap = max(0, v.row-max(n, 1)), false
	case final == 'm':
		if strings.Trim(parameters, "0123456789;") != "" {
			v.t.Fatalf("unknown escape in %.20q", s)
		}
	case parameters != "":
		v.t.Fatalf("unknown escape in %.20q", s)
	case final == 'H':
		v.row, v.col, v.wrap = 0, 0, false
	case final == 'K', final == 'J':
		for c := v.col; c < v.cols; c++ {
			v.cells[v.row][c] = " "
		}
		for r := v.row + 1; final == 'J' && r < v.rows; r++ {
			v.cells[r] = v.blank()
		}
	}
	return s[3+end:]
}

func line(cells []string) string { return strings.TrimRight(strings.Join(cells, ""), " ") }

// Screen returns what a person sees, the cursor marked by █ before its column,
// without the empty rows at the end.
func (v *VT) Screen() string {
	var b strings.Builder
	for r, cells := range v.cells {
		if r != v.row {
			b.WriteString(line(cells) + "\n")
			continue
		}
		b.WriteString(strings.TrimRight(strings.Join(cells[:v.col], "")+"█"+strings.Join(cells[v.col:], ""), " ") + "\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}
