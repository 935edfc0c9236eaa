package render

import (
	"wirelab/sniffer"
	"wirelab/sniffer/internal/digits"
)

// Dump says which bytes of a frame are shown below its line, and how: as tcpdump
// does with -x, -X and -A.
type Dump struct {
	Hex   bool // 16 bytes a line, with their offset
	ASCII bool // characters, beside Hex or by themselves
	Link  bool // the link header, too
}

func (d Dump) append(dst []byte, p *sniffer.Packet) []byte {
	b := p.Data
	if !d.Link {
		b = b[p.NetworkOffset:]
	}
	if !d.Hex {
		for _, c := range b {
			if c != '\n' && c != '\t' && !graphic(c) && c != ' ' {
				c = '.'
			}
			dst = append(dst, c)
		}
		return append(dst, '\n')
	}
	for at := 0; at < len(b); at += 16 {
		row := b[at:min(at+16, len(b))]
		dst = digits.AppendHex(append(dst, "\t0x"...), []byte{byte(at >> 8), byte(at)})
		dst = append(dst, ": "...)
		for i, c := range row {
			if i%2 == 0 {
				dst = append(dst, ' ')
			}
			dst = digits.AppendHex(dst, []byte{c})
		}
		if d.ASCII {
			const width = 16/2*5 + 2 // of all pairs, and a gap
			for n := len(row)*2 + (len(row)+1)/2; n < width; n++ {
				dst = append(dst, ' ')
			}
			dst = appendGraphic(dst, row)
		}
		dst = append(dst, '\n')
	}
	return dst
}

// appendGraphic appends bytes as characters, a dot for what is none.
func appendGraphic(dst, b []byte) []byte {
	for _, c := range b {
		if !graphic(c) {
			c = '.'
		}
		dst = append(dst, c)
	}
	return dst
}

func graphic(c byte) bool { return c > ' ' && c <= '~' }
