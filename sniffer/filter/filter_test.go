package filter

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"wirelab/sniffer"

	"golang.org/x/net/bpf"
)

// faults are expressions that do not compile, with the position that the
// error shows and a part of its text.
var faults = map[string]struct {
	pos  int
	want string
}{
	"icpm":                             {0, `unknown keyword "icpm" (did you mean icmp?)`},
	"tcp and hots 10.0.0.1":            {8, `unknown keyword "hots" (did you mean host?)`},
	"client9":                          {0, `unknown keyword "client9"`},
	"tcp prot 80":                      {4, `"prot"`},
	"10.0.0.1":                         {0, "needs a keyword before it"},
	"tcp and 80":                       {8, "needs a keyword before it"},
	"(tcp) or 10.0.0.1":                {9, "needs a keyword before it"},
	"host":                             {4, "is missing before the end"},
	"host 10.0.0.1 and":                {17, "the end"},
	"(tcp or udp":                      {11, `")" is missing`},
	"tcp)":                             {3, `")"`},
	"host nobody":                      {5, `"nobody" is no host that is known here` + "\n"},
	"host cleint1":                     {5, `"cleint1" is no host that is known here (did you mean client1?)`},
	"host 10.0.0.300":                  {5, "no IPv4 address"},
	"host 1.2.3.4.5":                   {5, "no host"},
	"host fe80:::1":                    {5, "no IPv6"},
	"ether host 1:2:3":                 {11, "no IPv6 and no Ethernet address"},
	"host 1:2:3:4:5:6":                 {5, "ether host"},
	"ip host fe80::1":                  {0, "no IPv6 addresses"},
	"tcp host 10.0.0.1":                {0, "join it by and"},
	"tcp dst 80":                       {0, "no IPv4 addresses"},
	"host 10.0.0.0/8":                  {14, `needs "net"`},
	"net 10.0.0.1/8":                   {4, "bits that the mask does not"},
	"net fe80::1/64":                   {4, "bits that the prefix does not"},
	"net 10.0.0.0/33":                  {13, "32"},
	"net 10.0.0.0 mask 255.0.0.x":      {18, "no netmask"},
	"net fe80::/129":                   {11, "128"},
	"port 65536":                       {5, "65535"},
	"port 99999999999":                 {5, "32 bits"},
	"port 089":                         {5, "octal"},
	"port nosuch":                      {5, "no port"},
	"port 80-90":                       {5, "no port"},
	"portrange 80-x":                   {10, "no range"},
	"udp port http":                    {9, "not one of udp"},
	"icmp port 80":                     {0, "no ports"},
	"port tcp":                         {5, `\tcp`},
	"ip proto tcp":                     {9, `\tcp`},
	"ip proto 256":                     {9, "255"},
	"arp proto 5":                      {0, "no protocol numbers"},
	"ether proto 0x809b":               {12, "not supported"},
	"vlan 4096":                        {5, "4095"},
	"ip[0:3] = 1":                      {5, "1, 2 or 4"},
	"ip[-20] = 1":                      {3, "offset -20"},
	"ether[-2] = 1":                    {6, "offset -2"},
	"ether[300000] = 1":                {6, "beyond the end"},
	"esp[0] = 1":                       {0, "cannot be read"},
	"ip[0] / 0 = 1":                    {8, "division by zero"},
	"ip[0] % (4 - 4) = 1":              {8, "division by zero"},
	"ip[0] << 32 = 1":                  {9, "at most 31"},
	"ip[0] << ip[1] = 1":               {9, "at most 31"},
	"ip[0]":                            {5, "comparison"},
	"len > ":                           {6, "missing before the end"},
	"less x":                           {5, "number of bytes"},
	"ifindex 5":                        {0, "not supported"},
	"ip and mpls":                      {0, "no frame"},
	"mpls 1048576":                     {5, "the largest is 1048575"},
	"mpls and arp":                     {9, "only IPv4 and IPv6"},
	"mpls and vlan":                    {9, "behind mpls"},
	"mpls and mpls and stp":            {18, "only IPv4 and IPv6"},
	"pppoes 65536":                     {7, "the largest is 65535"},
	"pppoes and ether src 1:2:3:4:5:6": {11, "needs Ethernet frames"},
	"pppoes and vlan":                  {11, "needs Ethernet frames"},
	"pppoes and llc":                   {11, "needs Ethernet frames"},
	"vxlan 16777216":                   {6, "the largest"},
	"geneve and geneve 16777216":       {18, "the largest"},
	"tcp protochain 6":                 {0, "no chain"},
	"protochain 256":                   {11, "the largest"},
	"portrange http":                   {10, "no range"},
	"portrange ftp-data":               {10, "no range"},
	"ip and arp":                       {0, "no frame"},
	"1 = 2":                            {0, "no frame"},
	"tcp & udp":                        {4, `"&"`},
	"tcp ; udp":                        {4, "no meaning"},
	"host \x1b[31m":                    {5, `\x1b`},
	"ether":                            {0, "needs more"},
	"arp multicast":                    {0, "has no multicast"},
	"host \\":                          {5, "backslash"},
	strings.Repeat("(", 200) + "tcp" + strings.Repeat(")", 200): {100, "nested"},
	strings.Repeat("not ", 5000) + "tcp":                        {400, "nested"},
	"ip[" + strings.Repeat("ip[", 200):                          {297, "nested"},
	strings.Repeat("tcp or ", 10000):                            {MaxExpression, "longer"},
}

func TestFaults(t *testing.T) {
	for expr, fault := range faults {
		_, err := Compile(expr, sniffer.LinkEthernet, Hosts{"client1": nil})
		syntax, ok := errors.AsType[*syntaxError](err)
		if !ok {
			t.Errorf("%.60q: error %v, want a *syntaxError", expr, err)
			continue
		}
		if syntax.Pos != fault.pos || !strings.Contains(err.Error(), fault.want) {
			t.Errorf("%.60q: position %d, %.200v\nwant position %d and %q", expr, syntax.Pos, err, fault.pos, fault.want)
		}
	}
}

func TestErrorShowsThePlace(t *testing.T) {
	_, err := Compile("host 用戶端 and tcp", sniffer.LinkEthernet, nil)
	want := "filter: \"用\" has no meaning here\n  host 用戶端 and tcp\n       ^"
	if err == nil || err.Error() != want {
		t.Errorf("%v\nwant\n%s", err, want)
	}
	if _, err = Compile("host \x1b[2J x", sniffer.LinkEthernet, nil); err == nil || strings.ContainsRune(err.Error(), '\x1b') {
		t.Errorf("%q has an escape", err)
	}
}

func TestEmptyAcceptsAll(t *testing.T) {
	for _, expr := range []string{"", "  \n\t"} {
		f, err := Compile(expr, sniffer.LinkEthernet, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !f.Match(nil, 0) || len(f.Live()) != 1 || len(f.file) != 1 {
			t.Errorf("%q: does not accept nothing in one instruction: %v", expr, f.Live())
		}
	}
}

func TestNames(t *testing.T) {
	hosts := Hosts{
		"server":   {netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("fe80::2")},
		"client-1": {netip.MustParseAddr("::ffff:10.0.0.1")},
		"port":     {netip.MustParseAddr("10.1.2.3")},
	}
	for named, plain := range map[string]string{
		"host server":              "host 10.0.0.2 or host fe80::2",
		"src client-1 or server":   "src 10.0.0.1 or src 10.0.0.2 or src fe80::2",
		`dst host \port`:           "dst host 10.1.2.3",
		"not host client-1":        "not host 10.0.0.1",
		"host client-1 and server": "host 10.0.0.1 and (host 10.0.0.2 or host fe80::2)",
	} {
		a, err := Compile(named, sniffer.LinkEthernet, hosts)
		if err != nil {
			t.Errorf("%s: %v", named, err)
			continue
		}
		b, err := Compile(plain, sniffer.LinkEthernet, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, frame := range newGenerated().frames(2000) {
			if got, want := a.Match(frame, len(frame)), b.Match(frame, len(frame)); got != want && len(frame) >= 60 {
				t.Fatalf("%s: %v, but %s %v, of %x", named, got, plain, want, frame)
			}
		}
	}
	if _, err := Compile("ip6 host client-1", sniffer.LinkEthernet, hosts); err == nil {
		t.Error("ip6 host with an IPv4 host compiles")
	}
}

func TestLinkTypes(t *testing.T) {
	ip := append([]byte{0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 80, 0, 81}, make([]byte, 16)...)
	for _, c := range []struct {
		link   sniffer.LinkType
		header string
	}{
		{sniffer.LinkRaw, ""}, {12, ""}, {14, ""}, {sniffer.LinkIPv4, ""},
		{sniffer.LinkNull, "\x02\x00\x00\x00"}, {sniffer.LinkNull, "\x00\x00\x00\x02"}, {sniffer.LinkLoop, "\x00\x00\x00\x02"},
		{sniffer.LinkLinuxSLL, "\x00\x00\x00\x01\x00\x06\x02\x00\x00\x00\x00\x01\x00\x00\x08\x00"},
		{sniffer.LinkLinuxSLL2, "\x08\x00\x00\x00\x00\x00\x00\x01\x00\x01\x00\x06\x02\x00\x00\x00\x00\x01\x00\x00"},
	} {
		frame := append([]byte(c.header), ip...)
		for expr, want := range map[string]bool{
			"ip": true, "host 10.0.0.1": true, "dst 10.0.0.1": false, "tcp src port 80": true, "tcp port 82": false,
			"net 10": true, "ip[9] = 6": true, "not udp": true, "": true,
		} {
			f, err := Compile(expr, c.link, nil)
			if err != nil {
				t.Errorf("link type %d: %v", c.link, err)
				continue
			}
			if got := f.Match(frame, len(frame)); got != want {
				t.Errorf("link type %d: %q %v, want %v", c.link, expr, got, want)
			}
		}
		for _, expr := range []string{"ether host 2:0:0:0:0:1", "broadcast", "multicast", "vlan", "vlan 5", "iso"} {
			if f, err := Compile(expr, c.link, nil); err == nil {
				t.Errorf("link type %d: %q compiles to\n%v", c.link, expr, f.file)
			}
		}
	}
	if _, err := Compile("ip", 147, nil); err == nil {
		t.Error("link type 147 compiles")
	}
	for family := range map[byte]bool{10: true, 24: true, 28: true, 30: true} {
		f, err := Compile("ip6", sniffer.LinkNull, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !f.Match([]byte{family, 0, 0, 0}, 4) || !f.Match([]byte{0, 0, 0, family}, 4) {
			t.Errorf("family %d is not IPv6", family)
		}
	}
}

// len is the length on the wire, also of a frame that was cut short.
func TestLengthOnTheWire(t *testing.T) {
	f, err := Compile("greater 1000", sniffer.LinkEthernet, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !f.Match(make([]byte, 60), 1000) || f.Match(make([]byte, 60), 60) {
		t.Error("greater 1000 goes by the bytes that were captured")
	}
}

func TestLongExpressions(t *testing.T) {
	var hosts, mixed []string
	for i := range 300 {
		hosts = append(hosts, fmt.Sprintf("10.%d.0.%d", i%7, i%250))
		mixed = append(mixed, fmt.Sprintf("(host 10.0.%d.%d and port %d)", i/200, i%200, i))
	}
	for _, expr := range []string{"host " + strings.Join(hosts, " or "), "not (net 10.7 or host " + strings.Join(hosts, " or ") + ")"} {
		f, err := Compile(expr, sniffer.LinkEthernet, nil)
		if err != nil {
			t.Fatal(err)
		}
		checkCompiled(t, expr, sniffer.LinkEthernet, fuzzFrames(100))
		t.Logf("%d hosts: %d instructions, live %d", len(hosts), len(f.file), len(f.Live()))
	}
	// Too long for the kernel: an error, and soon.
	_, err := Compile(strings.Join(mixed, " or "), sniffer.LinkEthernet, nil)
	if err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("%.100v, want too long", err)
	}
	if _, err := Compile(strings.Repeat("tcp or ", 9000)+"udp", sniffer.LinkEthernet, nil); err == nil {
		t.Error("9,000 terms compile")
	}
}

// The kernel's extensions are in live programs alone.
func TestOnlyLiveAsksTheKernel(t *testing.T) {
	f, err := Compile("vlan 5 and tcp port 80", sniffer.LinkEthernet, nil)
	if err != nil {
		t.Fatal(err)
	}
	asks := func(program []bpf.RawInstruction) (n int) {
		all, _ := bpf.Disassemble(program)
		for _, i := range all {
			if _, ok := i.(bpf.LoadExtension); ok {
				n++
			}
		}
		return n
	}
	if file, live := asks(f.file), asks(f.Live()); file != 0 || live == 0 {
		t.Errorf("%d extensions for files, %d live", file, live)
	}
}
