package server

import (
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// udpSocket sends from the address to which the datagram was sent that it answers: a
// machine has several, and a client takes answers from no other.
type udpSocket struct {
	*net.UDPConn
	control []byte // buffer
}

// udpAddr is where a datagram came from, and how it is answered.
type udpAddr struct {
	netip.AddrPort
	via string // control message; empty: the system chooses
}

func newUDPSocket(conn net.PacketConn) (*udpSocket, error) {
	c, ok := conn.(*net.UDPConn)
	if !ok {
		return nil, fmt.Errorf("%v is no UDP socket", conn.LocalAddr())
	}
	// A socket is of one family, and a system may know of neither: it chooses then.
	_ = ipv6.NewPacketConn(c).SetControlMessage(ipv6.FlagDst|ipv6.FlagInterface, true)
	_ = ipv4.NewPacketConn(c).SetControlMessage(ipv4.FlagDst|ipv4.FlagInterface, true)
	return &udpSocket{c, make([]byte, 128)}, nil
}

// read reads a datagram. It is for one goroutine.
func (u *udpSocket) read(b []byte) (n int, from udpAddr, err error) {
	n, control, _, addr, err := u.ReadMsgUDPAddrPort(b, u.control)
	from.AddrPort = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
	if err == nil && control > 0 {
		from.via = via(u.control[:control])
	}
	return n, from, err
}

// via returns the control message of an answer to a datagram that came with one. On
// Linux a socket of both families gives IPv4's, too.
func via(control []byte) string {
	var to4 ipv4.ControlMessage
	if err := to4.Parse(control); err == nil && to4.Dst != nil {
		return string((&ipv4.ControlMessage{Src: to4.Dst}).Marshal())
	}
	var to6 ipv6.ControlMessage
	if err := to6.Parse(control); err != nil || to6.Dst == nil {
		return ""
	}
	answer := ipv6.ControlMessage{Src: to6.Dst}
	if to6.Dst.IsLinkLocalUnicast() {
		answer.IfIndex = to6.IfIndex
	}
	return string(answer.Marshal())
}

// write sends a datagram to where another came from.
func (u *udpSocket) write(b []byte, to udpAddr) error {
	_, _, err := u.WriteMsgUDPAddrPort(b, []byte(to.via), to.AddrPort)
	if err != nil && to.via != "" { // it was sent to a group
		_, err = u.WriteToUDPAddrPort(b, to.AddrPort)
	}
	return err
}
