package cmdline

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"wirelab/internal/columns"
)

// reflow fits a text into so many columns. Lines that are not indented are a paragraph
// until an empty or an indented one; an indented line stays a line, which may have two
// columns with two spaces or more between them.
func reflow(text string, width int) string {
	var b strings.Builder
	paragraph := ""
	end := func() {
		if paragraph != "" {
			b.WriteString(hung("", paragraph, width))
		}
		paragraph = ""
	}
	for line := range strings.SplitSeq(text, "\n") {
		switch {
		case line == "":
			end()
			b.WriteByte('\n')
		case line[0] == ' ':
			end()
			first, second := cells(line)
			b.WriteString(hung(first, second, width))
		case paragraph == "":
			paragraph = line
		default:
			paragraph = joined(paragraph, line)
		}
	}
	end()
	return b.String()
}

// cells splits an indented line into its first column, with the spaces around it, and
// the second. In a line of one column the first is its indent.
func cells(line string) (first, second string) {
	words := strings.TrimLeft(line, " ")
	if i := strings.Index(words, "  "); i >= 0 {
		words = strings.TrimLeft(words[i:], " ")
	}
	return strings.TrimSuffix(line, words), words
}

// hung returns a text in so many columns behind the first of its lines. The others are
// indented as far, or by a few columns where little would be left.
func hung(first, text string, width int) string {
	const little = 4
	indent := columns.Width(first)
	if indent > width/2+little {
		first, text, indent = "", first+text, little
	}
	lines := columns.Wrap(text, width-columns.Width(first), width-indent)
	return first + strings.Join(lines, "\n"+strings.Repeat(" ", indent)) + "\n"
}

// joined joins two lines of a paragraph: a space stands between Latin words, and between
// a Latin word and a Chinese one, but not beside a Chinese punctuation mark.
func joined(a, b string) string {
	last, _ := utf8.DecodeLastRuneInString(a)
	first, _ := utf8.DecodeRuneInString(b)
	mark := func(r rune) bool { return wide(r) && !unicode.Is(unicode.Han, r) }
	if mark(last) || mark(first) || wide(last) && wide(first) {
		return a + b
	}
	return a + " " + b
}

func wide(r rune) bool { return columns.Width(string(r)) == 2 }
