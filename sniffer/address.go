package sniffer

import (
	"net/netip"

	"wirelab/internal/safetext"
	"wirelab/sniffer/internal/digits"
)

// AppendAddr appends the same text as addr.AppendTo, but faster.
func AppendAddr(dst []byte, addr netip.Addr) []byte {
	if !addr.Is4() {
		if addr.Is4In6() || !addr.IsValid() || addr.Zone() != "" {
			return addr.AppendTo(dst)
		}
		return appendAddr6(dst, addr.As16())
	}
	a := addr.As4()
	dst = digits.AppendByte(dst, a[0])
	dst = digits.AppendByte(append(dst, '.'), a[1])
	dst = digits.AppendByte(append(dst, '.'), a[2])
	return digits.AppendByte(append(dst, '.'), a[3])
}

// appendAddr6 appends an address of IPv6 (RFC 5952, section 4).
func appendAddr6(dst []byte, a [16]byte) []byte {
	begin, end := 16, 16 // of the longest run of groups that are zero
	for i := 0; i < 16; i += 2 {
		j := i
		for j < 16 && a[j]|a[j+1] == 0 {
			j += 2
		}
		if j-i > max(2, end-begin) { // one group is not worth it
			begin, end = i, j
		}
		i = max(i, j-2)
	}
	for i := 0; i < 16; i += 2 {
		if i == begin {
			dst = append(dst, "::"...)
			if i = end; i == 16 {
				break
			}
		} else if i > 0 {
			dst = append(dst, ':')
		}
		dst = digits.AppendHexUint16(dst, uint16(a[i])<<8|uint16(a[i+1]))
	}
	return dst
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
		dst = AppendAddr(dst, addr)
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

// AppendTo appends the text of the address, as String returns it, to dst.
func (m MAC) AppendTo(dst []byte) []byte { return appendMAC(dst, m) }
