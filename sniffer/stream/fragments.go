package stream

import (
	"maps"
	"slices"
)

// Fragments put together one IP datagram. The zero value is empty.
type Fragments struct {
	at   map[int][]byte // by their offset; a copy of one is not kept
	have int            // bytes
	end  int            // of the datagram in bytes, 0 while the last has not come
	torn bool           // they overlap, or are behind the end: it is never complete
}

// Has reports whether a fragment was added that belongs at an offset.
func (f *Fragments) Has(offset int) bool {
	_, has := f.at[offset]
	return has
}

// Add adds a fragment, whose data it keeps: where they belong in the datagram, and
// whether more follow them. Once every byte has come it returns the datagram's; of one
// whose fragments overlap it never does (RFC 5722).
func (f *Fragments) Add(offset int, data []byte, more bool) (whole []byte) {
	if f.Has(offset) {
		return nil
	}
	if f.at == nil {
		f.at = map[int][]byte{}
	}
	f.at[offset] = data
	f.have += len(data)
	if !more {
		f.end = offset + len(data)
	}
	if f.end == 0 || f.have != f.end || f.torn {
		return nil
	}
	whole = make([]byte, 0, f.end)
	for _, offset := range slices.Sorted(maps.Keys(f.at)) {
		if offset != len(whole) {
			f.torn = true
			return nil
		}
		whole = append(whole, f.at[offset]...)
	}
	return whole
}
