package filter

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"wirelab/internal/require"
	"wirelab/sniffer"

	"golang.org/x/net/bpf"
)

// expressions are compared with tcpdump's meaning of them.
var expressions = []string{
	"ip", "ip6", "arp", "rarp", "tcp", "udp", "sctp", "icmp", "icmp6", "igmp", "igrp", "pim", "vrrp", "carp", "ah", "esp",
	"decnet", "lat", "sca", "moprc", "mopdl", "iso", "stp", "netbeui",
	"not ip", "! ip6", "not not arp", "ip or ip6", "ip and not tcp", "not (tcp or udp)", "arp or rarp or ip6", "ip&&tcp||udp",
	"host 10.0.0.1", "src host 10.0.0.1", "dst host 10.0.0.1", "src 10.0.0.1", "dst 10.0.0.2", "src or dst host 10.0.0.1",
	"src and dst host 10.0.0.1", "dst or src 10.0.0.2", "ip host 10.0.0.1", "arp host 10.0.0.1", "rarp src host 10.0.0.2",
	"arp dst 10.0.0.2", "host 10.0.0.1 or 10.0.0.2", "host 10.0.0.1 and 10.0.0.2", "host (10.0.0.1 or 10.1.2.3 or 192.168.1.1)",
	"host 10.0.0.1 and not 10.0.0.2", "host 10.0.0.1 or host fe80::1", "host 10", "host 10.1", "host 010.0.0.1", "not host 10.0.0.1",
	"src host 10.0.0.1 and (dst host 10.0.0.2 or tcp)", "src 10.0.0.1 and dst 10.0.0.2", "host 10.0.0.1 or 10.0.0.2 or 10.1.2.3",
	"net 10", "net 10.1", "net 10.1.2", "net 10.0.0.0/8", "net 10.1.0.0/16", "net 10.1.0.0 mask 255.255.0.0", "src net 10.1",
	"dst net 192.168", "net 0.0.0.0/0", "net 10.0.0.0 mask 255.0", "ip net 10.1.128.0/17", "net 10.0.0.0/31 or 192.168.1.0/24",
	"arp net 10.1", "net 0", "not src net 10.0.0.0/8", "src and dst net 10",
	"host fe80::1", "ip6 host 2001:db8::1", "src host fe80::1", "dst fe80::2", "host ::", "host ::1", "ip6 dst host ff02::1",
	"net fe80::/10", "net 2001:db8::/32", "src net 2001:db8:0:1::/64", "ip6 net ff00::/8", "net ::/0", "dst net fe80::/127",
	"host fe80::1 or fe80::2", "net 2001:db8::/33", "src and dst net fe80::/16",
	"port 80", "tcp port 80", "udp port 53", "sctp port 7000", "src port 80", "dst port 443", "tcp src port 22", "udp dst port 53",
	"src and dst port 80", "port 80 or 443", "tcp port 80 or 443 or 22", "port 80 and not 443", "port (80 or 443)", "port 0",
	"portrange 8000-8100", "tcp portrange 1-1024", "udp src portrange 7000-7001", "portrange 8100-8000", "dst portrange 22-80",
	"src and dst portrange 0-1024", "portrange 80", "port http", "port domain", "tcp port domain", "port https", "port ssh",
	"portrange ftp-http", "port 0x50", "port 0120", "not port 22", "not tcp port 80 and not udp port 53", "src port 80 or dst port 443",
	"host 10.0.0.1 and tcp port 80", "host 10.0.0.1 and (port 80 or 443)", "tcp or udp port 53", "src host 10.0.0.1 and udp and dst port 53",
	"ip proto 6", `ip proto \tcp`, "ip6 proto 17", "ip6 proto 44", "ip6 proto 0", "proto 132", `proto \udp`, "ip6 proto ipv6-icmp",
	"ip proto 47 or 50", "ip proto gre", "ether proto 0x0800", `ether proto \arp`, `ether proto \ip6`, "ether proto 0x88b5",
	"ether proto 0x42", "ether proto 0xfe", "ether proto 6", "ether proto 0xf0", "ether proto 1500", "ether proto 1501", "ether proto 5",
	"ether proto loopback",
	"ether host 2:0:0:0:0:1", "ether src 02:00:00:00:00:01", "ether dst ff:ff:ff:ff:ff:ff", "ether host 02-00-00-00-00-02",
	"ether src or dst 0200.0000.0001", "ether src and dst host 020000000001", "ether host 2:0:0:0:0:1 and 2:0:0:0:0:2",
	"not ether src 2:0:0:0:0:1",
	"broadcast", "multicast", "ether broadcast", "ether multicast", "ip broadcast", "ip multicast", "ip6 multicast",
	"not broadcast and not multicast", "ip multicast or ip6 multicast", "arp and ether broadcast",
	"less 60", "greater 61", "less 128 and tcp", "len > 100", "len <= 64", "60 = len", "len - 14 > 50", "length != 60", "5 < len",
	"vlan", "vlan 5", "vlan 0", "vlan and ip", "vlan 5 and tcp", "vlan 100 and host 10.0.0.1", "vlan and vlan", "vlan and vlan 5 and ip6",
	"vlan 5 and port 80", "vlan or ip", "ip or vlan", "not vlan", "not vlan and ip", "(vlan 5 or arp) and tcp", "vlan and ether host 2:0:0:0:0:1",
	"vlan and ip6 proto 6", "vlan and icmp6[0] = 128", "tcp or (vlan and tcp)", "ip or (vlan and ip) or (vlan and ip)",
	"vlan 5 or vlan 100", "vlan and tcp[13] & 2 != 0", "vlan and portrange 8000-8100", "tcp and not vlan and udp or ip",
	"tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", "tcp[tcpflags] = tcp-syn", "tcp[13] & 0x12 == 0x12", "tcp[tcpflags] & tcp-syn != 0 and tcp[tcpflags] & tcp-ack = 0",
	"tcp[12] >> 4 > 5", "tcp[0:2] = 80", "tcp[2:2] >= 8000", "tcp[4:4] > 0x80000000", "udp[4:2] > 40", "udp[0:2] = udp[2:2]",
	"icmp[icmptype] = icmp-echo", "icmp[0] = 8 or icmp[0] = 0", "icmp[icmptype] != icmp-echoreply", "icmp6[icmp6type] = icmp6-echo",
	"icmp6[0] >= 133 and icmp6[0] <= 136", "sctp[0:2] = 7000", "igmp[0] > 16", "pim[0] & 1 = 1", "vrrp[0] < 100",
	"ip[0] & 0xf != 5", "ip[0] = 0x45", "ip[8] < 64", "ip[6:2] & 0x1fff != 0", "ip[6] & 0x20 != 0", "ip[2:2] > 100", "ip[9] = 17",
	"ip[12:4] = ip[16:4]", "ip[12:4] > 0x0a000000", "ip[2:2] - ((ip[0] & 0xf) << 2) > 40", "ip[16] >= 224", "ip[8] = 1 or ip[8] = 255",
	"ip6[6] = 6", "ip6[7] != 64", "ip6[0] & 0xf0 = 0x60", "ip6[40] = 58", "ip6[4:2] = len - 54", "arp[6:2] = 1", "arp[7] = 2", "rarp[7] = 3",
	"ether[0] & 1 = 0 and ip[16] >= 224", "ether[12:2] = 0x0800", "ether[6:4] = 0x02000000", "link[20] = 6", "ether[100] = 7",
	"decnet[0] > 5", "ip[ip[0] & 15] = 3", "ip[((ip[0] & 0xf) << 2) + 13] & 2 != 0", "tcp[(tcp[12] & 0xf0) >> 2] = 0x47",
	"tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420", "ether[ether[16] & 31 : 2] > 5", "ether[len - 1] = 0", "ip[ip[2:2] - 1] > 100",
	"ip[0] % 2 = 1", "ip[0] ^ 3 = 0x46", "ip[1] * 3 % 2 = 1", "ip[1] % 5 + 1 = 2", "1 + ip[1] ^ 3 & 1 = 2", "ip[1] / 16 = 3", "ip[1] / ip[8] = 0",
	"ip[1] | ip[8] & 15 > 200", "ip[1] << 4 > 2000", "ip[4:2] - ip[1] * 2 + 7 >= 30000", "0 - ip[1] > 0xffffff80", "(-ip[1]) > 0xffffff80", "ip[1] - 300 > 5",
	"2 + 3 = 5 and arp", "ip[2 + 3] = 1", "ip[0] = 60 + 9", "len > 10 * 10", "tcp[tcpflags] & (1 | 2) != 0", "ip[4 * 3:4] = 0x0a000001", "8 - 2 * 3 = 2 or ip",
	"portrange http-ssh", "portrange ssh-80", "portrange 80-http", "portrange domain-ntp", "portrange 8080-http-alt", "tcp portrange ssh-domain", "src portrange https-domain", "portrange ntp-ssh",
	"ip[1] & 0 = 0", "ip[1] * 0 = 0 and tcp", "0 = 0", "1 = 1 or ip", "ip[0] - ip[0] = 0", "tcp[13] & 1 = 0 or udp", "6 > 5 and arp",
	"tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)",
	"(tcp[tcpflags] & (tcp-syn|tcp-fin) != 0 and not src and dst net 10.0.0.0/8)",
	"icmp[icmptype] != icmp-echo and icmp[icmptype] != icmp-echoreply",
	"ether[0] & 1 = 1 or ip host 10.0.0.1 and not arp", "host 10.0.0.1 and host 10.0.0.2 and tcp port 80 and not port 443",
	"(ip and (tcp or udp) and (src port 53 or dst port 53)) or (ip6 and (tcp or icmp6))",
	"(host 10.0.0.1 or 10.0.0.2) and (port 80 or 443) and not vlan", "ip and ip[2:2] > 60 and not port 22 or arp and host 10.0.0.1",
	"not (host 10.0.0.1 and port 80) and not (host 10.0.0.2 and port 443)", "udp and (port 53 or portrange 7000-7001) and less 90",
	"src net 10.0.0.0/8 and not dst net 10.0.0.0/8", "tcp[2:2] = 80 or tcp[2:2] = 443 or tcp[2:2] = 22", "ip[9] = 6 or ip[9] = 17 or ip proto 1",
	"ether src 2:0:0:0:0:1 and ip and tcp or ether src 2:0:0:0:0:2 and udp", "ip[0] & 0xf > 5 and (tcp or udp or icmp)",
}

// tcpdump returns the program that tcpdump makes of an expression, nil if it
// finds that no frame can match.
func tcpdump(t *testing.T, link, expr string, options ...string) []bpf.Instruction {
	t.Helper()
	args := append(options, "-y", link, "-ddd", "--", expr)
	out, err := exec.Command("tcpdump", args...).CombinedOutput()
	if strings.Contains(string(out), "rejects all packets") {
		return nil
	}
	if err != nil {
		t.Fatalf("tcpdump %q: %v\n%s", args, err, out)
	}
	lines := bufio.NewScanner(bytes.NewReader(out))
	var raw []bpf.RawInstruction
	for lines.Scan() {
		var r bpf.RawInstruction
		if n, _ := fmt.Sscan(lines.Text(), &r.Op, &r.Jt, &r.Jf, &r.K); n == 4 {
			raw = append(raw, r)
		}
	}
	program, ok := bpf.Disassemble(raw)
	if !ok {
		t.Fatalf("tcpdump %q: cannot read\n%s", args, out)
	}
	for i := range program {
		if _, ok := program[i].(bpf.NegateA); ok { // which bpf.VM has not
			program[i] = bpf.ALUOpConstant{Op: bpf.ALUOpMul, Val: 0xffffffff}
		}
	}
	return program
}

func needTcpdump(t *testing.T) {
	t.Helper()
	if strconv.IntSize < 64 {
		t.Skip("bpf.VM adds offsets as int and panics where that is 32 bits")
	}
	if _, err := exec.LookPath("tcpdump"); err != nil {
		if slices.Contains(strings.Split(os.Getenv("WIRELAB_REQUIRE"), ","), "tcpdump") {
			t.Fatalf("tcpdump is required: %v", err)
		}
		t.Skipf("the comparison with libpcap needs tcpdump: %v", err)
	}
}

func newVM(t *testing.T, program []bpf.Instruction) *bpf.VM {
	t.Helper()
	vm, err := bpf.NewVM(program)
	if err != nil {
		t.Fatal(err)
	}
	return vm
}

func accepts(t *testing.T, vm *bpf.VM, frame []byte) bool {
	n, err := vm.Run(frame)
	if err != nil {
		t.Helper() // not for each frame: it costs more than Run
		t.Fatal(err)
	}
	return n != 0
}

// sampled are those of some expressions that tcpdump is asked about, each by a start of its
// own: all where long is required, else one of so many.
func sampled(all []string, of int) (some []string) {
	of = require.Many(of, 1)
	for i := 0; i < len(all); i += of {
		some = append(some, all[i])
	}
	return some
}

// Every expression decides every frame as tcpdump's program does.
func TestLikeTcpdump(t *testing.T) {
	needTcpdump(t)
	frames := newGenerated().frames(require.Many(4000, 20000))
	asked := sampled(expressions, 4)
	t.Logf("%d of %d expressions, %d frames", len(asked), len(expressions), len(frames))
	for _, expr := range asked {
		t.Run(expr, func(t *testing.T) {
			compareWithTcpdump(t, sniffer.LinkEthernet, "EN10MB", expr, frames)
		})
	}
}

// The same on other link types. Of a BSD loopback header tcpdump knows only
// this machine's AF_INET6 and byte order; the frames have those.
func TestLikeTcpdumpOnOtherLinks(t *testing.T) {
	needTcpdump(t)
	ethernet := newGenerated().frames(4000)
	step := require.Many(32, 4)
	for nth, link := range []struct {
		kind   sniffer.LinkType
		name   string
		header func(etherType []byte) []byte // nil if the link has no such frames
	}{
		{sniffer.LinkRaw, "RAW", func([]byte) []byte { return []byte{} }},
		{sniffer.LinkIPv4, "IPV4", func(e []byte) []byte { return map[string][]byte{"\x08\x00": {}}[string(e)] }},
		{sniffer.LinkIPv6, "IPV6", func(e []byte) []byte { return map[string][]byte{"\x86\xdd": {}}[string(e)] }},
		{sniffer.LinkLinuxSLL, "LINUX_SLL", func(e []byte) []byte { return append(make([]byte, 14), e...) }},
		{sniffer.LinkLinuxSLL2, "LINUX_SLL2", func(e []byte) []byte { return append(bytes.Clone(e), make([]byte, 18)...) }},
		{sniffer.LinkNull, "NULL", func(e []byte) []byte {
			return map[string][]byte{"\x08\x00": {2, 0, 0, 0}, "\x86\xdd": {10, 0, 0, 0}}[string(e)]
		}},
		{sniffer.LinkLoop, "LOOP", func(e []byte) []byte {
			return map[string][]byte{"\x08\x00": {0, 0, 0, 2}, "\x86\xdd": {0, 0, 0, 10}}[string(e)]
		}},
	} {
		var frames [][]byte
		for _, f := range ethernet {
			if len(f) < 14 {
				continue
			}
			if header := link.header(f[12:14]); header != nil {
				frames = append(frames, append(bytes.Clone(header), f[14:]...))
			}
		}
		for i, expr := range expressions {
			if i%step != nth%step { // which is enough
				continue
			}
			if strings.Contains(expr, "ether") && !strings.HasPrefix(expr, "ether[") || strings.Contains(expr, "vlan") ||
				strings.Contains(expr, "cast") && !strings.HasPrefix(expr, "ip") || slices.Contains([]string{"iso", "stp", "netbeui"}, expr) {
				continue
			}
			t.Run(link.name+"/"+expr, func(t *testing.T) {
				compareWithTcpdump(t, link.kind, link.name, expr, frames)
			})
		}
	}
}

func compareWithTcpdump(t *testing.T, link sniffer.LinkType, name, expr string, frames [][]byte) {
	t.Helper()
	program := tcpdump(t, name, expr)
	f, err := Compile(expr, link, nil)
	if program == nil {
		if err == nil {
			t.Error("compiles, but tcpdump says that no frame can match")
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	theirs := newVM(t, program)
	plain := sync.OnceValue(func() *bpf.VM { return newVM(t, tcpdump(t, name, expr, "-O")) })
	own, _ := bpf.Disassemble(f.file)
	ours := newVM(t, own)
	matched, wrong, ambiguous := 0, 0, 0
	for _, frame := range frames {
		want, got := accepts(t, theirs, frame), f.Match(frame, len(frame))
		if got != accepts(t, ours, frame) {
			t.Fatalf("Match says %v, bpf.VM not, of %x", got, frame)
		}
		if got {
			matched++
		}
		if got != want {
			// Where the link's test is not tcpdump's, the order of the tests
			// may be another, which shows on frames cut short.
			if name == "NULL" && accepts(t, plain(), frame) == got {
				ambiguous++
				continue
			}
			wrong++
			if wrong < 3 {
				t.Errorf("%v, tcpdump says %v (not optimized: %v), of %d bytes %x", got, want, accepts(t, plain(), frame), len(frame), frame)
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%d frames of %d wrong\ntcpdump:\n%sours:\n%s", wrong, len(frames), listing(program), listing(own))
	}
	t.Logf("%d of %d frames match; %d decided as tcpdump -O does and not as tcpdump", matched, len(frames), ambiguous)
}

func listing(program []bpf.Instruction) string {
	var b strings.Builder
	for i, instruction := range program {
		fmt.Fprintf(&b, "%03d %v\n", i, instruction)
	}
	return b.String()
}
