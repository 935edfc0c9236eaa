package sniffer

import (
	"net/netip"
	"strconv"

	"wirelab/internal/safetext"
)

// Tables of the texts of a byte: most of a line is addresses and small
// numbers, which are copied from here.
var (
	decimalBytes [256]struct {
		text [4]byte // up to three digits
		n    uint8
	}
	hexBytes [2 * 256]byte
)

func init() {
	const digits = "0123456789abcdef"
	for i := range 256 {
		decimalBytes[i].n = uint8(copy(decimalBytes[i].text[:], strconv.Itoa(i)))
		hexBytes[2*i], hexBytes[2*i+1] = digits[i>>4], digits[i&15]
	}
}

// appendByte appends b in decimal.
func appendByte(dst []byte, b byte) []byte {
	d := &decimalBytes[b]
	return append(dst, d.text[:]...)[:len(dst)+int(d.n)]
}

func appendUint(dst []byte, n uint64) []byte {
	if n < 256 {
		return appendByte(dst, byte(n))
	}
	return strconv.AppendUint(dst, n, 10)
}

// AppendAddr appends an address as its String method writes it, faster for
// IPv4.
func AppendAddr(dst []byte, addr netip.Addr) []byte {
	if !addr.Is4() {
		return addr.AppendTo(dst)
	}
	a := addr.As4()
	dst = appendByte(dst, a[0])
	dst = appendByte(append(dst, '.'), a[1])
	dst = appendByte(append(dst, '.'), a[2])
	return appendByte(append(dst, '.'), a[3])
}

func appendEndpoint(dst []byte, addr netip.Addr, port uint16, hasPort bool, names Namer) []byte {
	if !hasPort {
		return appendHost(dst, addr, names)
	}
	name := knownName(addr, names)
	switch {
	case name != "":
		dst = append(dst, name...)
	case addr.Is6(): // RFC 5952, section 6
		dst = append(dst, '[')
		dst = addr.AppendTo(dst)
		dst = append(dst, ']')
	default:
		dst = AppendAddr(dst, addr)
	}
	return appendUint(append(dst, ':'), uint64(port))
}

func appendHost(dst []byte, addr netip.Addr, names Namer) []byte {
	if name := knownName(addr, names); name != "" {
		return append(dst, name...)
	}
	return AppendAddr(dst, addr)
}

func knownName(addr netip.Addr, names Namer) string {
	if names == nil {
		return ""
	}
	name := names.Name(addr)
	for i := range len(name) {
		if c := name[i]; c < ' ' || c > '~' {
			return safetext.Escape(name)
		}
	}
	return name
}

func appendMAC(dst []byte, m MAC) []byte {
	text := [17]byte{2: ':', 5: ':', 8: ':', 11: ':', 14: ':'}
	for i, b := range m {
		text[3*i], text[3*i+1] = hexBytes[2*int(b)], hexBytes[2*int(b)+1]
	}
	return append(dst, text[:]...)
}

// AppendTo appends the address as String writes it.
func (m MAC) AppendTo(dst []byte) []byte { return appendMAC(dst, m) }
