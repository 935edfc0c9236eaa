package sniffer

import (
	"net/netip"

	"wirelab/internal/safetext"
	"wirelab/sniffer/internal/digits"
)

// AppendAddr appends an address as its String method writes it, faster for
// IPv4.
func AppendAddr(dst []byte, addr netip.Addr) []byte {
	if !addr.Is4() {
		return addr.AppendTo(dst)
	}
	a := addr.As4()
	dst = digits.AppendByte(dst, a[0])
	dst = digits.AppendByte(append(dst, '.'), a[1])
	dst = digits.AppendByte(append(dst, '.'), a[2])
	return digits.AppendByte(append(dst, '.'), a[3])
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
	return digits.AppendUint(append(dst, ':'), uint64(port))
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
		digits.PutHex(text[3*i:], b)
	}
	return append(dst, text[:]...)
}

// AppendTo appends the address as String writes it.
func (m MAC) AppendTo(dst []byte) []byte { return appendMAC(dst, m) }
