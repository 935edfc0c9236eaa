// Package digits appends numbers and bytes to text. Digits are most of what a
// sniffer writes, and strconv and encoding/hex, which are right for all sizes
// and bases, take twice the time for these. Its functions are safe for use by
// several goroutines at once.
package digits

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strconv"
)

// decimals holds the decimal text of every byte: most numbers of a line are
// parts of addresses.
var decimals = func() (texts [256]struct {
	text [4]byte // up to three digits
	n    uint8
}) {
	for i := range texts {
		texts[i].n = uint8(copy(texts[i].text[:], strconv.Itoa(i)))
	}
	return texts
}()

// AppendByte appends b in decimal.
func AppendByte(dst []byte, b byte) []byte {
	d := &decimals[b]
	return append(dst, d.text[:]...)[:len(dst)+int(d.n)]
}

const zeros = "00000000"

// AppendUint appends n in decimal.
func AppendUint(dst []byte, n uint64) []byte {
	if n < 256 {
		return AppendByte(dst, byte(n))
	}
	if n >= 1e8 {
		dst = AppendUint(dst, n/1e8)
		return binary.LittleEndian.AppendUint64(dst, eight(uint32(n%1e8))|ascii)
	}
	x := eight(uint32(n))
	leading := bits.TrailingZeros64(x) / 8 // zeros, as n is not 0
	at := len(dst)
	dst = append(dst, zeros...)
	binary.LittleEndian.PutUint64(dst[at:], (x|ascii)>>(8*leading))
	return dst[:at+8-leading]
}

// AppendPadded appends n, below 10^width, with leading zeros up to width, which
// is 8 at most.
func AppendPadded(dst []byte, n uint32, width int) []byte {
	return binary.LittleEndian.AppendUint64(dst, (eight(n)|ascii)>>(64-8*width))[:len(dst)+width]
}

// ascii makes eight digits of eight numbers below ten.
const ascii = 0x3030303030303030

// eight returns the eight decimal digits of n < 1e8, a byte each, the first in
// the lowest: all are divided at once, first into two fours, then into four
// twos, then into eight.
func eight(n uint32) uint64 {
	x := uint64(n/10000) | uint64(n%10000)<<32
	hundreds := x * 10486 >> 20 & 0x0000007f0000007f // 10486/2^20 is 1/100, up to 9999
	x = hundreds | (x-100*hundreds)<<16
	tens := x * 103 >> 10 & 0x000f000f000f000f // 103/2^10 is 1/10, up to 99
	return tens | (x-10*tens)<<8
}

// pairs holds both hexadecimal digits of every byte, the first in the lower
// byte.
var pairs = func() (texts [256]uint16) {
	const digits = "0123456789abcdef"
	for i := range texts {
		texts[i] = uint16(digits[i>>4]) | uint16(digits[i&15])<<8
	}
	return texts
}()

// AppendHex appends two lower-case hexadecimal digits for each byte of b.
func AppendHex(dst, b []byte) []byte {
	at := len(dst)
	dst = slices.Grow(dst, 2*len(b))[:at+2*len(b)]
	out := dst[at:]
	for len(b) >= 4 && len(out) >= 8 { // which spares a check for each byte
		binary.LittleEndian.PutUint64(out,
			uint64(pairs[b[0]])|uint64(pairs[b[1]])<<16|uint64(pairs[b[2]])<<32|uint64(pairs[b[3]])<<48)
		b, out = b[4:], out[8:]
	}
	for i, c := range b {
		PutHex(out[2*i:], c)
	}
	return dst
}

// AppendHexUint16 appends n in lower-case hexadecimal, without leading zeros.
func AppendHexUint16(dst []byte, n uint16) []byte {
	leading := bits.LeadingZeros16(n|1) / 4
	x := uint32(pairs[n>>8]) | uint32(pairs[n&0xff])<<16
	return binary.LittleEndian.AppendUint32(dst, x>>(8*leading))[:len(dst)+4-leading]
}

// PutHex writes the two digits of b to dst, which has room for them.
func PutHex(dst []byte, b byte) { binary.LittleEndian.PutUint16(dst, pairs[b]) }
