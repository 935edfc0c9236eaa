// Package filter compiles capture filters, in the language that tcpdump's
// users write (pcap-filter(7)), to classic BPF.
//
// A primitive says what a frame must have; "and", "or" and "not" (or && || !)
// combine them. "and" and "or" bind alike, from the left: write parentheses
// where both occur.
//
//	[PROTO] [DIR] host ADDRESS     ADDRESS: 10.0.0.1, fe80::1, a known name
//	[PROTO] [DIR] net NET          NET: 10.1, 10.1.0.0/16, 10.1.0.0 mask 255.255.0.0, fe80::/10
//	[PROTO] [DIR] port PORT        PORT: 80, http; PROTO: tcp, udp, sctp
//	[PROTO] [DIR] portrange A-B
//	ether [DIR] host MAC           MAC: 02:00:00:00:00:01
//	DIR: src, dst, src or dst, src and dst
//
//	ip ip6 arp rarp tcp udp sctp icmp icmp6 igmp igrp pim vrrp carp ah esp
//	decnet lat sca moprc mopdl iso stp netbeui
//	ip proto N, ip6 proto N, proto N, ether proto N   N: a number, or a name behind a backslash: \tcp
//	broadcast, multicast, ip broadcast, ip multicast, ip6 multicast
//	ip protochain N, ip6 protochain N, protochain N   behind up to four extension headers, AH among them
//	vlan [ID]                      shifts what follows it behind the tag
//	mpls [LABEL], pppoes [SESSION], geneve [VNI], vxlan [VNI]   shift what follows into what is carried
//	pppoed
//	llc [KIND]                     KIND: i s u rr rnr rej ui ua disc dm sabme test xid frmr
//	inbound, outbound              to or from the capturing interface, as far as a file tells
//	less N, greater N              length in bytes: at most N, at least N
//
//	A OP B                         OP: = != < > <= >=
//	    A and B are made of numbers, len, PROTO[OFFSET:SIZE] (SIZE 1, 2 or 4)
//	    and + - * / % & | ^ << >>, with parentheses:
//	    tcp[tcpflags] & (tcp-syn|tcp-fin) != 0
//
// A word is inherited by what follows it: "port 80 or 443", "src host a or b".
//
// The meaning is libpcap's in every detail that decides a verdict:
//   - "host" and "net" look into ARP and RARP too.
//   - "port" needs the first fragment of IPv4 and passes over no extension
//     header of IPv6; "ip6 proto" looks behind one fragment header.
//   - "vlan" and the tunnels shift all that is right of them, whatever the parentheses.
//   - A load beyond the end of a frame ends the program without a match, also
//     under "not".
//   - In arithmetic the left operand alone says what protocol a frame must be
//     of: "1 + ip[0] = 6" looks into any frame.
//   - "ip broadcast" knows no netmask and means 0.0.0.0 and 255.255.255.255.
//
// An expression that is not supported is an error that shows where, never a wrong match.
//
// The package opens nothing: names are those that it is given, never DNS's.
package filter
