// Package iana names the numbers that protocols go by.
package iana

// Protocol returns the keyword of an IP protocol number, its description where
// it has no keyword, and "" where the number is not assigned.
//
// Source: https://www.iana.org/assignments/protocol-numbers
func Protocol(n uint8) string { return protocols[n] }

// EtherType returns the name of an EtherType that the course knows: IP, XNS,
// ARP, RARP, VLAN (a tag of IEEE 802.1Q or 802.1ad) and IPv6; "" for others.
//
// Source: https://www.iana.org/assignments/ieee-802-numbers
func EtherType(n uint16) string {
	switch n {
	case 0x0800:
		return "IP"
	case 0x0600:
		return "XNS"
	case 0x0806:
		return "ARP"
	case 0x8035:
		return "RARP"
	case 0x8100, 0x88a8, 0x9100:
		return "VLAN"
	case 0x86dd:
		return "IPv6"
	}
	return ""
}

// IPOption returns the name of an IPv4 option by its type, "" if it has none.
//
// Source: https://www.iana.org/assignments/ip-parameters
func IPOption(n uint8) string { return ipOptions[n] }

var ipOptions = [256]string{
	0: "EOL", 1: "NOP", 7: "Record Route", 10: "ZSU", 11: "MTU Probe", 12: "MTU Reply", 15: "ENCODE",
	25: "Quick-Start", 30: "Experiment", 68: "Timestamp", 82: "Traceroute", 94: "Experiment",
	130: "Security", 131: "LSRR", 133: "Extended Security", 134: "CIPSO", 136: "Stream ID", 137: "SSRR",
	142: "VISA", 144: "IMITD", 145: "EIP", 147: "ADDEXT", 148: "Router Alert", 149: "SDB", 151: "DPS",
	152: "UMP", 158: "Experiment", 205: "FINN", 222: "Experiment",
}

// TCPOption returns the name of a TCP option by its kind, "" if it has none.
//
// Source: https://www.iana.org/assignments/tcp-parameters
func TCPOption(n uint8) string { return tcpOptions[n] }

var tcpOptions = [256]string{
	0: "EOL", 1: "NOP", 2: "MSS", 3: "window scale", 4: "SACK permitted", 5: "SACK", 8: "timestamps",
	19: "MD5", 28: "user timeout", 29: "TCP-AO", 30: "MPTCP", 34: "fast open", 69: "encryption",
	172: "AccECN0", 174: "AccECN1", 253: "experiment", 254: "experiment",
}
