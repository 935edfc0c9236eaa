package filter

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"wirelab/internal/require"
	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

// What a display filter is translated into chooses what tshark chooses with it.
func TestFromDisplay(t *testing.T) {
	const session = "../testdata/session.pcapng"
	asked, most := 0, require.Many(5, 100) // a start of tshark takes a quarter of a second
	for expr, want := range map[string]string{
		"ip.addr == 10.77.0.10":                          "ip host 10.77.0.10",
		"ip.src==10.77.0.11":                             "ip src host 10.77.0.11",
		"ip.dst eq 10.77.0.0/16":                         "ip dst net 10.77.0.0/16",
		"ip.src != 10.77.0.11 && ip":                     "not ip src host 10.77.0.11 and ip",
		"ipv6.addr == fd00::11":                          "ip6 host fd00::11",
		"eth.src == 02:00:00:00:00:0a":                   "ether src 02:00:00:00:00:0a",
		"tcp.flags.syn == 1 && tcp.flags.ack == 0":       "tcp[tcpflags] & tcp-syn != 0 and tcp[tcpflags] & tcp-ack = 0",
		"tcp.flags.reset==1":                             "tcp[tcpflags] & tcp-rst != 0",
		"tcp.port == 7000 || udp.port == 7001 && !arp":   "tcp port 7000 or (udp port 7001 and not arp)",
		"(tcp.port == 7000 || udp.port == 7001) and !ip": "(tcp port 7000 or udp port 7001) and not ip",
		"not (arp or tcp.port == 81)":                    "not (arp or tcp port 81)",
		"tcp.dstport > 7000":                             "tcp dst portrange 7001-65535",
		"tcp.dstport < 7000":                             "tcp dst portrange 0-6999",
		"frame.len > 100":                                "len > 100",
		"ip.ttl < 65":                                    "ip[8] < 65",
		"icmp.type == 8":                                 "icmp[0] = 8",
		"arp.opcode == 1":                                "arp[6:2] = 1",
		"tcp.len > 0":                                    "tcp and (ip[2:2] - ((ip[0] & 15) << 2)) - ((tcp[12] >> 4) << 2) > 0",
		"ipv6 or ip.proto == 17":                         "ip6 or ip[9] = 17",
	} {
		here, missing, ok := FromDisplay(expr)
		if !ok || missing != "" || here != want {
			t.Errorf("%s: %q, %q, %v; want %q", expr, here, missing, ok, want)
			continue
		}
		if asked++; asked > most { // others in another run: a map has no order
			continue
		}
		program, err := exec.LookPath("tshark")
		if err != nil {
			require.Missing(t, "tshark", "tshark is not installed")
		}
		// The packet that an ICMP error quotes is none of the frame's own.
		out, err := exec.Command(program, "-n", "-r", session, "-Y", "("+expr+") && !(icmp.type == 3)", "-T", "fields", "-e", "frame.number").Output()
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		if got := chosen(t, session, "("+here+") and not icmp[0] = 3"); got != string(out) {
			t.Errorf("%s chooses\n%stshark with %s\n%s", here, got, expr, out)
		}
	}
	for expr, want := range map[string]string{
		// tshark's own meaning is any TCP segment, which nobody means.
		"tcp.flags.syn": "tcp[tcpflags] & tcp-syn != 0", "tcp.flags.syn == True": "tcp[tcpflags] & tcp-syn != 0", "!tcp.flags.ack": "not tcp[tcpflags] & tcp-ack != 0",
		"icmpv6": "icmp6", "http": "tcp port 80", "dhcp && dns": "(udp port 67 or udp port 68) and port 53", "vlan.id == 5": "vlan 5", "tcp.port == http": "tcp port http",
	} {
		here, missing, ok := FromDisplay(expr)
		if _, err := Compile(here, sniffer.LinkEthernet, nil); err != nil || !ok || missing != "" || here != want {
			t.Errorf("%s: %q, %q, %v, %v; want %q", expr, here, missing, ok, err, want)
		}
	}
	for expr, part := range map[string]string{"http.request.method": "http.request.method", "ip.addr == 1.2.3.4 && tcp.analysis.flags": "tcp.analysis.flags", "tcp.port == nonesuch": "tcp.port = nonesuch"} {
		if _, missing, ok := FromDisplay(expr); !ok || missing != part {
			t.Errorf("%s: %q, %v; want %q", expr, missing, ok, part)
		}
	}
	for _, expr := range []string{"", "tcp port 80", "host nobody", "tcp and", "icpm", strings.Repeat("(", 100000), "ip.addr == 1 )", "10.0.0.1"} {
		if here, missing, ok := FromDisplay(expr); ok && missing == "" {
			t.Errorf("%.20s is translated into %q", expr, here)
		}
	}
}

// chosen lists the numbers of the frames that an expression chooses.
func chosen(t *testing.T, path, expr string) string {
	t.Helper()
	f, err := Compile(expr, sniffer.LinkEthernet, nil)
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := pcapfile.NewReader(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	var numbers strings.Builder
	for n := 1; ; n++ {
		frame, err := r.Next()
		if errors.Is(err, io.EOF) {
			return numbers.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		if f.Match(frame.Data, frame.Length) {
			numbers.WriteString(strconv.Itoa(n) + "\n")
		}
	}
}
