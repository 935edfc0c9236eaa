package sniffer_test

import (
	"testing"

	"wirelab/sniffer"
	"wirelab/sniffer/internal/fixture"
)

func TestFragmentData(t *testing.T) {
	tests := []struct{ name, hex, want string }{
		{"no fragment", ethernet + "0800 4500001c 00000000 40110000" + addrs4 + "0001 0002 0008 0000", ""},
		{"first, with its UDP header", ethernet + "0800 45000020 00012000 40110000" + addrs4 + "30303030 30303030 61626364", "00000000abcd"},
		{"later, with padding", ethernet + "0800 45000018 00010001 40110000" + addrs4 + "61626364 ffffffffffff", "abcd"},
		{"behind options", ethernet + "0800 4600001c 00010001 40110000" + addrs4 + "01010101 61626364", "abcd"},
		{"cut", ethernet + "0800 45000018 00010001 40110000" + addrs4 + "6162", "ab"},
		{"of an offloaded length", ethernet + "0800 45000000 00010001 40110000" + addrs4 + "61626364", ""},
		{"a header of 0 bytes", ethernet + "0800 40000018 00010001 40110000" + addrs4 + "61626364", ""},
		{"IPv6", ethernet + "86dd 60000000 000c 2c 40" + addrs6 + "11 00 05a8 00000001 61626364 ffff", "abcd"},
		{"IPv6 behind hop-by-hop and a fragment that is all", ethernet + "86dd 60000000 001c 00 40" + addrs6 +
			"2c 00 0502 0000 0100  2c 00 0000 00000009  11 00 05a8 00000001  61626364", "abcd"},
		{"IPv6 first, before more options", ethernet + "86dd 60000000 0018 2c 40" + addrs6 +
			"3c 00 0001 00000001  11 00 0104 31313131  32323232 32323232", "\x11\x00\x01\x04111122222222"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			data := fixture.Bytes(t, test.hex)
			p := sniffer.Packet{Frame: sniffer.Frame{LinkType: sniffer.LinkEthernet, Data: data, Length: len(data)}}
			p.Decode()
			if got := string(p.FragmentData()); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
