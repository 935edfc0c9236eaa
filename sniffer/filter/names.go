package filter

// protocols are the words that name one and may qualify a primitive.
var protocols = set("ether", "ip", "ip6", "arp", "rarp", "tcp", "udp", "sctp", "icmp", "icmp6", "igmp", "igrp",
	"pim", "vrrp", "carp", "ah", "esp", "decnet", "lat", "sca", "moprc", "mopdl", "iso", "stp", "netbeui")

// unsupported are the words of libpcap's language that this one refuses.
var unsupported = set("fddi", "tr", "wlan", "ppp", "slip", "radio", "atalk", "aarp", "ipx", "esis", "es-is", "isis",
	"is-is", "l1", "l2", "iih", "lsp", "snp", "csnp", "psnp", "clnp", "gateway", "type", "subtype",
	"direction", "dir", "address1", "addr1", "address2", "addr2", "address3", "addr3", "address4", "addr4", "ra", "ta",
	"byte", "ifindex", "lane", "metac", "bcc",
	"oam", "oamf4", "oamf4ec", "oamf4sc", "sc", "ilmic", "vpi", "vci", "connectmsg", "metaconnect", "on", "ifname",
	"rset", "ruleset", "rnr", "rulenum", "srnr", "subrulenum", "reason", "action", "fisu", "lssu", "lsu", "msu",
	"hfisu", "hlssu", "hmsu", "sio", "opc", "dpc", "sls", "hsio", "hopc", "hdpc", "hsls")

// words are all that are no names unless a backslash is before them.
var words = union(protocols, unsupported, set("link", "src", "dst", "host", "net", "mask", "port", "portrange",
	"proto", "protochain", "less", "greater", "broadcast", "multicast", "and", "or", "not", "len", "length", "vlan",
	"mpls", "pppoed", "pppoes", "geneve", "vxlan", "llc", "inbound", "outbound"))

func set(members ...string) map[string]bool {
	s := make(map[string]bool, len(members))
	for _, m := range members {
		s[m] = true
	}
	return s
}

func union(sets ...map[string]bool) map[string]bool {
	all := map[string]bool{}
	for _, s := range sets {
		for m := range s {
			all[m] = true
		}
	}
	return all
}

// constants are the names that stand for numbers, pcap-filter(7).
var constants = map[string]uint32{
	"icmptype": 0, "icmpcode": 1, "icmp6type": 0, "icmp6code": 1, "tcpflags": 13,

	"tcp-fin": 0x01, "tcp-syn": 0x02, "tcp-rst": 0x04, "tcp-push": 0x08,
	"tcp-ack": 0x10, "tcp-urg": 0x20, "tcp-ece": 0x40, "tcp-cwr": 0x80,

	"icmp-echoreply": 0, "icmp-unreach": 3, "icmp-sourcequench": 4, "icmp-redirect": 5, "icmp-echo": 8,
	"icmp-routeradvert": 9, "icmp-routersolicit": 10, "icmp-timxceed": 11, "icmp-paramprob": 12,
	"icmp-tstamp": 13, "icmp-tstampreply": 14, "icmp-ireq": 15, "icmp-ireqreply": 16,
	"icmp-maskreq": 17, "icmp-maskreply": 18,

	"icmp6-destinationunreach": 1, "icmp6-packettoobig": 2, "icmp6-timeexceeded": 3, "icmp6-parameterproblem": 4,
	"icmp6-echo": 128, "icmp6-echoreply": 129, "icmp6-multicastlistenerquery": 130,
	"icmp6-multicastlistenerreportv1": 131, "icmp6-multicastlistenerdone": 132, "icmp6-routersolicit": 133,
	"icmp6-routeradvert": 134, "icmp6-neighborsolicit": 135, "icmp6-neighboradvert": 136, "icmp6-redirect": 137,
	"icmp6-routerrenum": 138, "icmp6-nodeinformationquery": 139, "icmp6-nodeinformationresponse": 140,
	"icmp6-ineighbordiscoverysolicit": 141, "icmp6-ineighbordiscoveryadvert": 142,
	"icmp6-multicastlistenerreportv2": 143, "icmp6-homeagentdiscoveryrequest": 144,
	"icmp6-homeagentdiscoveryreply": 145, "icmp6-mobileprefixsolicit": 146, "icmp6-mobileprefixadvert": 147,
	"icmp6-certpathsolicit": 148, "icmp6-certpathadvert": 149, "icmp6-multicastrouteradvert": 151,
	"icmp6-multicastroutersolicit": 152, "icmp6-multicastrouterterm": 153,
}

// EtherTypes (IANA, IEEE 802 numbers) that have a word, and below 1536 the
// LLC service access points of 802.3 frames.
const (
	etherIPv4    = 0x0800
	etherARP     = 0x0806
	etherRARP    = 0x8035
	etherIPv6    = 0x86dd
	sapIP        = 0x06
	sapSTP       = 0x42
	sapIPX       = 0xe0
	sapNetBEUI   = 0xf0
	sapISO       = 0xfe
	maxLength    = 1500 // the largest that is a length and no EtherType
	etherATalk   = 0x809b
	etherAARP    = 0x80f3
	protoICMP    = 1
	protoTCP     = 6
	protoUDP     = 17
	protoICMPv6  = 58
	protoSCTP    = 132
	protoUnknown = 0 // TCP, UDP or SCTP
	ip6Fragment  = 44

	etherMPLS   = 0x8847
	etherPPPoED = 0x8863
	etherPPPoES = 0x8864
)

var etherTypes = map[string]uint32{
	"ip": etherIPv4, "arp": etherARP, "rarp": etherRARP, "ip6": etherIPv6, "loopback": 0x9000,
	"mopdl": 0x6001, "moprc": 0x6002, "decnet": 0x6003, "lat": 0x6004, "sca": 0x6007,
	"iso": sapISO, "stp": sapSTP, "netbeui": sapNetBEUI,
}

// transports are the words for IP protocols, which versions of IP have them,
// and whether their bytes cannot be asked for.
var transports = map[string]struct {
	number uint32
	v4, v6 bool
	sealed bool
}{
	"tcp": {protoTCP, true, true, false}, "udp": {protoUDP, true, true, false}, "sctp": {protoSCTP, true, true, false},
	"icmp": {protoICMP, true, false, false}, "icmp6": {protoICMPv6, false, true, false},
	"igmp": {2, true, false, false}, "igrp": {9, true, false, false}, "pim": {103, true, true, false},
	"vrrp": {112, true, false, false}, "carp": {112, true, false, false},
	"ah": {51, true, true, true}, "esp": {50, true, true, true},
}

// protocolNumbers are the names behind "proto" (IANA, protocol numbers).
var protocolNumbers = map[string]uint32{
	"icmp": 1, "igmp": 2, "ipencap": 4, "tcp": 6, "egp": 8, "igp": 9, "udp": 17, "dccp": 33, "ipv6": 41,
	"ipv6-route": 43, "ipv6-frag": 44, "rsvp": 46, "gre": 47, "esp": 50, "ah": 51, "ipv6-icmp": 58,
	"ipv6-nonxt": 59, "ipv6-opts": 60, "eigrp": 88, "ospf": 89, "ipip": 94, "pim": 103, "vrrp": 112,
	"l2tp": 115, "sctp": 132, "udplite": 136,
}

// services are the names of ports (IANA, service names) and what speaks them:
// protoUnknown if TCP and UDP both do.
var services = map[string]struct{ port, proto uint32 }{
	"bgp": {179, protoTCP}, "bootpc": {68, protoUDP}, "bootps": {67, protoUDP}, "dhcpv6-client": {546, protoUDP},
	"dhcpv6-server": {547, protoUDP}, "discard": {9, protoUnknown}, "domain": {53, protoUnknown},
	"domain-s": {853, protoUnknown}, "echo": {7, protoUnknown}, "ftp": {21, protoTCP}, "ftp-data": {20, protoTCP},
	"git": {9418, protoTCP}, "http": {80, protoTCP}, "http-alt": {8080, protoTCP}, "https": {443, protoUnknown},
	"imap": {143, protoTCP}, "imap2": {143, protoTCP}, "imaps": {993, protoTCP}, "ipp": {631, protoTCP},
	"isakmp": {500, protoUDP}, "kerberos": {88, protoUnknown}, "ldap": {389, protoUnknown},
	"ldaps": {636, protoUnknown}, "mdns": {5353, protoUDP}, "microsoft-ds": {445, protoTCP}, "mysql": {3306, protoTCP},
	"netbios-dgm": {138, protoUDP}, "netbios-ns": {137, protoUDP}, "netbios-ssn": {139, protoTCP},
	"nfs": {2049, protoUnknown}, "ntp": {123, protoUDP}, "openvpn": {1194, protoUnknown}, "pop3": {110, protoTCP},
	"pop3s": {995, protoTCP}, "postgresql": {5432, protoTCP}, "radius": {1812, protoUnknown}, "redis": {6379, protoTCP},
	"rtsp": {554, protoUnknown}, "sip": {5060, protoUnknown}, "smtp": {25, protoTCP}, "snmp": {161, protoUnknown},
	"snmp-trap": {162, protoUnknown}, "socks": {1080, protoTCP}, "ssh": {22, protoTCP}, "submission": {587, protoTCP},
	"sunrpc": {111, protoUnknown}, "syslog": {514, protoUDP}, "telnet": {23, protoTCP}, "tftp": {69, protoUDP},
	"whois": {43, protoTCP}, "www": {80, protoTCP}, "x11": {6000, protoTCP},
}
