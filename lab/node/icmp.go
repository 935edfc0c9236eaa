package node

import "fmt"

// icmpProblem names an ICMP error as ping(8) does (RFC 792, RFC 1122, 3.2.2).
func icmpProblem(kind, code uint8) string {
	const unreachable, redirect, exceeded, parameter = 3, 5, 11, 12
	switch kind {
	case unreachable:
		switch code {
		case 0:
			return "Destination Net Unreachable"
		case 1:
			return "Destination Host Unreachable"
		case 2:
			return "Destination Protocol Unreachable"
		case 3:
			return "Destination Port Unreachable"
		case 4:
			return "Frag needed and DF set"
		case 9, 10, 13:
			return "Packet filtered"
		}
		return fmt.Sprintf("Dest Unreachable, Bad Code: %d", code)
	case redirect:
		return "Redirect"
	case exceeded:
		if code == 1 {
			return "Frag reassembly time exceeded"
		}
		return "Time to live exceeded"
	case parameter:
		return "Parameter problem"
	}
	return fmt.Sprintf("Bad ICMP type: %d", kind)
}

// icmp6Problem names an ICMPv6 error as ping(8) does (RFC 4443, section 3).
func icmp6Problem(kind, code uint8) string {
	const unreachable, tooBig, exceeded, parameter = 1, 2, 3, 4
	switch kind {
	case unreachable:
		reasons := []string{"No route", "Administratively prohibited", "Beyond scope of source address", "Address unreachable", "Port unreachable"}
		if int(code) < len(reasons) {
			return "Destination unreachable: " + reasons[code]
		}
		return fmt.Sprintf("Destination unreachable: Unknown code %d", code)
	case tooBig:
		return "Packet too big"
	case exceeded:
		if code == 1 {
			return "Time exceeded: Defragmentation failure"
		}
		return "Time exceeded: Hop limit"
	case parameter:
		return "Parameter problem"
	}
	return fmt.Sprintf("Bad ICMPv6 type: %d", kind)
}
