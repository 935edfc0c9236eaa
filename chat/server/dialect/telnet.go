package dialect

import "bytes"

// Telnet removes the commands of the telnet protocol (RFC 854) from a stream. None
// is answered, which refuses every option. The zero value is ready.
type Telnet struct {
	state byte // 0: text; IAC, WILL to DONT, SB; SE: IAC within SB
}

const (
	telnetSE   = 240
	telnetSB   = 250
	telnetWILL = 251
	telnetDONT = 254
	telnetIAC  = 255
)

// Strip removes commands from b in place and returns how many bytes are left. A
// byte of 255 does not occur in UTF-8.
func (t *Telnet) Strip(b []byte) int {
	if t.state == 0 && bytes.IndexByte(b, telnetIAC) < 0 {
		return len(b)
	}
	n := 0
	for _, c := range b {
		switch {
		case t.state == 0 && c == telnetIAC:
			t.state = telnetIAC
		case t.state == 0:
			b[n] = c
			n++
		case t.state == telnetIAC && c >= telnetWILL && c <= telnetDONT:
			t.state = telnetWILL // one byte follows
		case t.state == telnetIAC && c == telnetSB:
			t.state = telnetSB
		case t.state == telnetSB && c == telnetIAC:
			t.state = telnetSE
		case t.state == telnetSB:
		case t.state == telnetSE && c != telnetSE:
			t.state = telnetSB
		default:
			t.state = 0
		}
	}
	return n
}
