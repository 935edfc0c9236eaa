package node

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
)

// TCP states of the kernel's table (include/net/tcp_states.h).
const (
	tcpEstablished = 1
	tcpTimeWait    = 6
	tcpListen      = 10
)

var tcpStates = [...]string{
	1: "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT",
	"CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "NEW_SYN_RECV",
}

// socket is a row of /proc/net/tcp, tcp6, udp or udp6 (proc_pid_net(5)).
type socket struct {
	proto         string // tcp or udp
	local, remote netip.AddrPort
	state         uint8
	unsent        uint64 // tx_queue: bytes not sent or not acknowledged
	unread        uint64 // rx_queue: bytes; of a listener, connections not accepted
}

// quiet reports whether nothing is under way on the socket: nothing to send, to
// be acknowledged or to read, and no connection that opens or closes.
func (s socket) quiet() bool {
	switch {
	case s.proto == "udp":
		return s.unread == 0
	case s.state == tcpTimeWait:
		return true
	case s.state == tcpListen, s.state == tcpEstablished:
		return s.unread == 0 && s.unsent == 0
	}
	return false
}

// String returns for instance
// "tcp 10.0.0.11:43210 > 10.0.0.10:7000 CLOSE_WAIT unread=0 unsent=5".
func (s socket) String() string {
	state := ""
	if s.proto == "tcp" {
		state = fmt.Sprintf(" state-%d", s.state)
		if int(s.state) < len(tcpStates) && tcpStates[s.state] != "" {
			state = " " + tcpStates[s.state]
		}
	}
	return fmt.Sprintf("%s %s > %s%s unread=%d unsent=%d", s.proto, s.local, s.remote, state, s.unread, s.unsent)
}

// parseSockets reads a socket table of the kernel. proto is tcp or udp, for
// either version of IP.
func parseSockets(proto string, r io.Reader) ([]socket, error) {
	lines := bufio.NewScanner(r) // a row has some 150 bytes; the scanner takes 64 kB
	var all []socket
	for n := 1; lines.Scan(); n++ {
		if n == 1 { // the heading
			continue
		}
		s, err := parseSocket(proto, lines.Text())
		if err != nil {
			return nil, fmt.Errorf("%s socket table, line %d: %w", proto, n, err)
		}
		all = append(all, s)
	}
	return all, lines.Err()
}

func parseSocket(proto, row string) (s socket, err error) {
	fields := strings.Fields(row)
	if len(fields) < 5 {
		return socket{}, fmt.Errorf("%.80q: want five fields or more", row)
	}
	s.proto = proto
	if s.local, err = parseEndpoint(fields[1]); err != nil {
		return socket{}, err
	}
	if s.remote, err = parseEndpoint(fields[2]); err != nil {
		return socket{}, err
	}
	state, err := strconv.ParseUint(fields[3], 16, 8)
	if err != nil {
		return socket{}, fmt.Errorf("state: %w", err)
	}
	s.state = uint8(state)
	unsent, unread, _ := strings.Cut(fields[4], ":")
	if s.unsent, err = strconv.ParseUint(unsent, 16, 32); err != nil {
		return socket{}, fmt.Errorf("tx_queue: %w", err)
	}
	if s.unread, err = strconv.ParseUint(unread, 16, 32); err != nil {
		return socket{}, fmt.Errorf("rx_queue: %w", err)
	}
	return s, nil
}

// parseEndpoint reads an address and port as the kernel prints them: the
// address in words of 32 bits in the machine's byte order, the port in hex.
func parseEndpoint(s string) (netip.AddrPort, error) {
	address, port, _ := strings.Cut(s, ":")
	b, err := hex.DecodeString(address)
	if err != nil || len(b) != 4 && len(b) != 16 {
		return netip.AddrPort{}, fmt.Errorf("address %.40q: want 8 or 32 hexadecimal digits", address)
	}
	for i := 0; i < len(b); i += 4 {
		binary.NativeEndian.PutUint32(b[i:], binary.BigEndian.Uint32(b[i:]))
	}
	addr, _ := netip.AddrFromSlice(b)
	p, err := strconv.ParseUint(port, 16, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("port: %w", err)
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(p)), nil
}
