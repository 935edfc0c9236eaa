package trace

import "io"

// pieceSize is how many bytes of frames are in one piece.
const pieceSize = 1 << 20

// pieces are bytes that grow, in pieces of a size: what is there is not moved when more
// comes, which would take most of the time of a large recording, and twice its memory.
type pieces struct {
	all    [][]byte // full up to size, empty behind it
	size   int
	joined []byte // what was read last of more than one piece
}

func (p *pieces) add(data []byte) {
	for len(data) > 0 {
		last := p.size / pieceSize
		if last == len(p.all) {
			var piece []byte // the first one grows: most labs send less
			if last > 0 {
				piece = make([]byte, 0, pieceSize)
			}
			p.all = append(p.all, piece)
		}
		n := min(len(data), pieceSize-p.size%pieceSize)
		p.all[last] = append(p.all[last], data[:n]...)
		p.size += n
		data = data[n:]
	}
}

// read returns bytes that are there. They are valid until the next call of read or moveTo.
func (p *pieces) read(at, size int) []byte {
	nth, from := at/pieceSize, at%pieceSize
	switch {
	case size == 0:
		return []byte{}
	case from+size <= pieceSize:
		return p.all[nth][from:][:size:size]
	}
	p.joined = append(p.joined[:0], p.all[nth][from:]...)
	for len(p.joined) < size {
		nth++
		p.joined = append(p.joined, p.all[nth][:min(pieceSize, size-len(p.joined))]...)
	}
	return p.joined
}

// moveTo writes the bytes and forgets them. With an error it keeps all.
func (p *pieces) moveTo(w io.Writer) error {
	for _, piece := range p.all {
		if _, err := w.Write(piece); err != nil {
			return err
		}
	}
	for i := range p.all {
		p.all[i] = p.all[i][:0]
	}
	p.size = 0
	return nil
}
