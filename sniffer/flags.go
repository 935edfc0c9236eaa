package sniffer

import (
	"fmt"
	"strings"
)

// TCPFlags are the control bits of a TCP segment (RFC 9293, section 3.1).
type TCPFlags uint8

// The control bits.
const (
	FIN TCPFlags = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// flagNames are the flags in the order in which they are printed.
var flagNames = [...]struct {
	flag   TCPFlags
	word   string
	letter byte
}{
	{SYN, "SYN", 'S'}, {FIN, "FIN", 'F'}, {RST, "RST", 'R'}, {PSH, "PSH", 'P'},
	{ACK, "ACK", '.'}, {URG, "URG", 'U'}, {ECE, "ECE", 'E'}, {CWR, "CWR", 'W'},
}

// letterOrder is the order of letters, in which tcpdump has URG before ACK.
var letterOrder = [...]int{0, 1, 2, 3, 5, 4, 6, 7}

// noFlags is how a segment without a flag is printed.
const noFlags = "none"

// flagWords and flagLetters hold the texts of all 256 sets of flags, so that no
// segment costs an allocation.
var flagWords, flagLetters = func() (words, letters [256]string) {
	var all strings.Builder // of which every text is a part: an allocation each costs more than all else
	all.Grow(14 << 10)
	var ends [512]int
	for i := range 256 {
		sep := ""
		for _, n := range flagNames {
			if TCPFlags(i)&n.flag != 0 {
				all.WriteString(sep)
				all.WriteString(n.word)
				sep = " "
			}
		}
		ends[2*i] = all.Len()
		for _, k := range letterOrder {
			if n := flagNames[k]; TCPFlags(i)&n.flag != 0 {
				all.WriteByte(n.letter)
			}
		}
		ends[2*i+1] = all.Len()
	}
	start := 0
	for i := range 256 {
		words[i], letters[i] = all.String()[start:ends[2*i]], all.String()[ends[2*i]:ends[2*i+1]]
		start = ends[2*i+1]
	}
	words[0], letters[0] = noFlags, noFlags
	return words, letters
}()

// String returns the flags as words: "SYN", "SYN ACK", "PSH ACK", "FIN ACK",
// "RST", with URG, ECE and CWR behind them; "none" where no flag is set.
func (f TCPFlags) String() string { return flagWords[f] }

// Letters returns the flags as tcpdump's letters: S, F, R, P, U, then "." for
// ACK, E and W; "none" where no flag is set.
func (f TCPFlags) Letters() string { return flagLetters[f] }

// ParseFlags reads what String or Letters returns. The flags may be in any order.
func ParseFlags(s string) (TCPFlags, error) {
	if s == noFlags {
		return 0, nil
	}
	var flags TCPFlags
	add := func(matches func(i int) bool) bool {
		for i, n := range flagNames {
			if matches(i) && flags&n.flag == 0 {
				flags |= n.flag
				return true
			}
		}
		return false
	}
	fields := strings.Fields(s)
	ok := len(fields) > 0
	for _, field := range fields {
		ok = ok && add(func(i int) bool { return flagNames[i].word == field })
	}
	if !ok && len(fields) == 1 {
		flags, ok = 0, true
		for _, letter := range []byte(fields[0]) {
			ok = ok && add(func(i int) bool { return flagNames[i].letter == letter })
		}
	}
	if !ok {
		return 0, fmt.Errorf("TCP flags %q: want words such as SYN ACK, letters such as S., or none", s)
	}
	return flags, nil
}
