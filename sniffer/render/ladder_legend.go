package render

import (
	"wirelab/internal/i18n"
	"wirelab/sniffer"
)

// explained are the TCP flags that the legend explains, in its order.
var explained = []struct {
	flag sniffer.TCPFlags
	said i18n.Message
}{
	{sniffer.SYN, i18n.Msg("ladder.flag.syn")},
	{sniffer.ACK, i18n.Msg("ladder.flag.ack")},
	{sniffer.PSH, i18n.Msg("ladder.flag.psh")},
	{sniffer.FIN, i18n.Msg("ladder.flag.fin")},
	{sniffer.RST, i18n.Msg("ladder.flag.rst")},
}

// legend says what the signs and flags mean that a diagram has, and then the notes.
func (l *Ladder) legend(s seen, sign func(Mark) string, witness, lost string) (lines []string) {
	comma := l.Lang.Pick(", ", "、")
	join := func(to *string, separator, part string) {
		if *to != "" {
			*to += separator
		}
		*to += part
	}
	var flags, signs string
	for _, e := range explained {
		if s.flags&e.flag == 0 {
			continue
		}
		word := e.flag.String()
		if l.Letters {
			word = e.flag.Letters()
		}
		join(&flags, comma, i18n.Text(l.Lang, e.said.Code, "Flag", word))
	}
	for m, is := range marks {
		if m := Mark(m); m != Unmarked && s.marks[m] {
			join(&signs, comma, i18n.Text(l.Lang, is.said.Code, "Sign", sign(m)))
		}
	}
	if signs != "" {
		signs = i18n.Text(l.Lang, "ladder.cited", "Signs", signs)
	}
	if s.witness {
		join(&signs, l.Lang.Pick("; ", "；"), i18n.Text(l.Lang, "ladder.witness", "Sign", witness, "Host", safe(l.Witness)))
	}
	if s.lost {
		join(&signs, l.Lang.Pick("; ", "；"), i18n.Text(l.Lang, "ladder.lost", "Sign", lost))
	}
	for _, line := range []string{flags, signs} {
		if line != "" {
			lines = append(lines, line)
		}
	}
	return append(lines, l.Notes...)
}
