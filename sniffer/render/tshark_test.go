package render

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"wirelab/internal/require"
	"wirelab/sniffer"
	"wirelab/sniffer/iana"
	"wirelab/sniffer/pcapfile"
)

// fields are what tshark calls our keys; how says how tshark writes the value.
var tsharkFields = []struct {
	field, key, how string
}{
	{"frame.number", "number", ""}, {"frame.len", "length", ""}, {"frame.cap_len", "captured", ""},
	{"eth.dst", "ethernet.dst", ""}, {"eth.src", "ethernet.src", ""}, {"eth.type", "ethernet.type", "0x%04x"}, {"eth.len", "ethernet.length", ""},
	{"arp.hw.type", "arp.hardware_type", ""}, {"arp.proto.type", "arp.protocol_type", "0x%04x"},
	{"arp.hw.size", "arp.hardware_length", ""}, {"arp.proto.size", "arp.protocol_length", ""}, {"arp.opcode", "arp.operation", ""},
	{"arp.src.hw_mac", "arp.sender_mac", ""}, {"arp.src.proto_ipv4", "arp.sender", ""},
	{"arp.dst.hw_mac", "arp.target_mac", ""}, {"arp.dst.proto_ipv4", "arp.target", ""},
	{"ip.hdr_len", "ipv4.header_length", ""}, {"ip.dsfield.dscp", "ipv4.dscp", ""}, {"ip.dsfield.ecn", "ipv4.ecn", ""},
	{"ip.len", "ipv4.total_length", ""}, {"ip.id", "ipv4.id", "0x%04x"}, {"ip.flags.rb", "ipv4.reserved", "bool"}, {"ip.flags.df", "ipv4.dont_fragment", "bool"},
	{"ip.flags.mf", "ipv4.more_fragments", "bool"}, {"ip.frag_offset", "ipv4.fragment_offset", "eights"}, {"ip.ttl", "ipv4.ttl", ""}, {"ip.proto", "ipv4.protocol", ""},
	{"ip.checksum", "ipv4.checksum", "0x%04x"}, {"ip.src", "ipv4.src", ""}, {"ip.dst", "ipv4.dst", ""},
	{"ipv6.version", "ipv6.version", ""}, {"ipv6.tclass.dscp", "ipv6.dscp", ""}, {"ipv6.tclass.ecn", "ipv6.ecn", ""}, {"ipv6.flow", "ipv6.flow_label", "0x%06x"},
	{"ipv6.plen", "ipv6.payload_length", ""}, {"ipv6.nxt", "ipv6.next_header", ""}, {"ipv6.hlim", "ipv6.hop_limit", ""}, {"ipv6.src", "ipv6.src", ""}, {"ipv6.dst", "ipv6.dst", ""},
	{"icmp.type", "icmpv4.type", ""}, {"icmp.code", "icmpv4.code", ""}, {"icmp.checksum", "icmpv4.checksum", "0x%04x"}, {"icmp.ident", "icmpv4.id", ""}, {"icmp.seq", "icmpv4.seq", ""},
	{"icmpv6.type", "icmpv6.type", ""}, {"icmpv6.code", "icmpv6.code", ""}, {"icmpv6.checksum", "icmpv6.checksum", "0x%04x"},
	{"icmpv6.echo.identifier", "icmpv6.id", "0x%04x"}, {"icmpv6.echo.sequence_number", "icmpv6.seq", ""},
	{"tcp.srcport", "tcp.src_port", ""}, {"tcp.dstport", "tcp.dst_port", ""}, {"tcp.seq_raw", "tcp.seq", ""}, {"tcp.ack_raw", "tcp.ack", ""},
	{"tcp.hdr_len", "tcp.header_length", ""}, {"tcp.flags", "tcp.flag_bits", "0x%04x"}, {"tcp.window_size_value", "tcp.window", ""},
	{"tcp.checksum", "tcp.checksum", "0x%04x"}, {"tcp.urgent_pointer", "tcp.urgent", ""},
	{"udp.srcport", "udp.src_port", ""}, {"udp.dstport", "udp.dst_port", ""}, {"udp.length", "udp.length", ""}, {"udp.checksum", "udp.checksum", "0x%04x"},
}

// tshark reads a capture: the value of each field in each frame, "" for none, of
// the outermost header (f) or the innermost (l).
func tshark(t *testing.T, path, occurrence string) []map[string]string {
	t.Helper()
	// The captures of a name are the same in every test, and a start of tshark takes most of the time.
	asked.Lock()
	defer asked.Unlock()
	key := filepath.Base(path) + " " + occurrence
	if asked.answers[key] == nil {
		asked.answers[key] = askTshark(t, path, occurrence)
	}
	return asked.answers[key]
}

var asked = struct {
	sync.Mutex
	answers map[string][]map[string]string
}{answers: map[string][]map[string]string{}}

func askTshark(t *testing.T, path, occurrence string) []map[string]string {
	t.Helper()
	program, err := exec.LookPath("tshark")
	if err != nil {
		require.Missing(t, "tshark", "tshark is not installed")
	}
	// tcp.analysis, reassembly and names off: what stands in the frame, alone.
	args := []string{"-r", path, "-n", "-T", "fields", "-E", "occurrence=" + occurrence, "-o", "ip.defragment:FALSE", "-o", "tcp.analyze_sequence_numbers:FALSE", "-e", "frame.time_epoch"}
	for _, f := range tsharkFields {
		args = append(args, "-e", f.field)
	}
	out, err := exec.Command(program, args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	var frames []map[string]string
	for line := range strings.Lines(string(out)) {
		values := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		frame := map[string]string{"frame.time_epoch": values[0]}
		for i, f := range tsharkFields {
			frame[f.field] = values[i+1]
		}
		frames = append(frames, frame)
	}
	return frames
}

// readCapture returns the decoded packets of a file.
func readCapture(t *testing.T, path string) []sniffer.Packet {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r, err := pcapfile.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var all []sniffer.Packet
	for {
		frame, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		frame.Data = bytes.Clone(frame.Data)
		p := sniffer.Packet{Frame: frame, Number: len(all) + 1}
		p.Decode()
		all = append(all, p)
	}
}

// captures are those in testdata, and one of each link type of this test's
// frames, but for those whose lengths lie: tshark reads less of them.
func captures(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("../testdata/*.pcap*")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	files := map[sniffer.LinkType][]byte{}
	all := slices.Concat(frames, carriedFrames)
	for i, p := range decoded(t, all) {
		if strings.Contains(all[i].name, "malformed") || all[i].name == "short" {
			continue
		}
		if files[p.LinkType] == nil { // draft-ietf-opsawg-pcap, nanoseconds
			header := binary.LittleEndian.AppendUint32(nil, 0xa1b23c4d)
			header = append(header, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0)
			files[p.LinkType] = binary.LittleEndian.AppendUint32(header, uint32(p.LinkType))
		}
		b := files[p.LinkType]
		for _, n := range []int{int(p.Time.Unix()), p.Time.Nanosecond(), len(p.Data), p.Length} {
			b = binary.LittleEndian.AppendUint32(b, uint32(n))
		}
		files[p.LinkType] = append(b, p.Data...)
	}
	dir := t.TempDir()
	for link, b := range files {
		path := filepath.Join(dir, fmt.Sprintf("link-%d.pcap", link))
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// The fields of JSON are those that tshark reads from the same frames.
func TestJSONEqualsTshark(t *testing.T) {
	t.Parallel()
	for _, path := range captures(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			want := tshark(t, path, "f")
			innermost := tshark(t, path, "l")
			all := readCapture(t, path)
			if len(want) != len(all) {
				t.Fatalf("%d frames, tshark has %d", len(all), len(want))
			}
			compared := 0
			for i, p := range all {
				d := json.NewDecoder(bytes.NewReader(NewJSON(Options{}).Append(nil, &p)))
				d.UseNumber()
				var object map[string]any
				if err := d.Decode(&object); err != nil {
					t.Fatal(err)
				}
				if epoch := fmt.Sprintf("%d.%09d", p.Time.Unix(), p.Time.Nanosecond()); want[i]["frame.time_epoch"] != epoch {
					t.Errorf("frame %d: time %s, tshark has %s", p.Number, epoch, want[i]["frame.time_epoch"])
				}
				for _, f := range tsharkFields {
					layer, _, inner := strings.Cut(f.key, ".")
					if layer == "arp" && p.Has(sniffer.RARP) {
						layer = "rarp"
					}
					key := strings.Replace(f.key, "arp", layer, 1)
					if p.PortsOnly && p.Protocol == 6 {
						key = strings.Replace(key, "tcp", "ports", 1)
					}
					if value := asTshark(lookLast(object, key), f.how); inner && p.Inner != nil && !same(value, innermost[i][f.field]) {
						t.Errorf("frame %d, innermost: %s is %q, tshark's %s is %q", p.Number, f.key, value, f.field, innermost[i][f.field])
					}
					value := lookUp(object, key)
					for in := object["inner"]; value == nil && in != nil; in = lookUp(in.(map[string]any), "inner") {
						value = lookUp(in.(map[string]any), key)
					}
					if f.field == "ip.dst" && sourceRouted(&p) {
						continue // tshark puts the end of the route in its place
					}
					if strings.HasPrefix(f.key, "icmp") && lookUp(object, "quoted."+f.key) != nil {
						continue // tshark has the echo that an ICMP error quotes
					}
					if inner && object[layer] == nil && (p.Has(sniffer.ICMPv4) || p.Has(sniffer.ICMPv6)) {
						continue // tshark reads the packet in an ICMP error too
					}
					if got := asTshark(value, f.how); !same(got, want[i][f.field]) {
						t.Errorf("frame %d: %s is %q, tshark's %s is %q", p.Number, f.key, got, f.field, want[i][f.field])
					} else if got != "" {
						compared++
					}
				}
			}
			if compared < 3*len(all) {
				t.Errorf("only %d values of %d frames compared", compared, len(all))
			}
		})
	}
}

func sourceRouted(p *sniffer.Packet) (routed bool) {
	if p.Has(sniffer.IPv4) {
		at := p.NetworkOffset
		p.Options(at+20, at+4*int(p.Data[at]&15), func(o sniffer.Option) { routed = routed || o.Type == 131 || o.Type == 137 })
	}
	return routed
}

// lookLast is lookUp in the innermost frame that has the key.
func lookLast(object map[string]any, key string) any {
	if inner, ok := object["inner"].(map[string]any); ok {
		if value := lookLast(inner, key); value != nil {
			return value
		}
	}
	return lookUp(object, key)
}

func lookUp(object map[string]any, key string) any {
	first, rest, nested := strings.Cut(key, ".")
	if !nested {
		return object[key]
	}
	inner, _ := object[first].(map[string]any)
	if inner == nil {
		return nil
	}
	return lookUp(inner, rest)
}

// asTshark writes a value of JSON as tshark does.
func asTshark(value any, how string) string {
	switch v := value.(type) {
	case nil:
		return ""
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		if n, err := v.Int64(); err == nil && how == "eights" { // as the field counts it
			return strconv.FormatInt(n/8, 10)
		}
		if n, err := v.Int64(); err == nil && strings.HasPrefix(how, "0x") {
			return fmt.Sprintf(how, n)
		}
		return v.String()
	}
	return fmt.Sprint(value)
}

// same compares with tshark's way of writing booleans, which is 1 in version 4.0
// and True in later ones.
func same(got, tshark string) bool {
	switch tshark {
	case "1", "True":
		return got == "true" || got == tshark
	case "0", "False":
		return got == "false" || got == tshark
	}
	return got == tshark
}

// The fields of the note are those that tshark reads from the same frames.
func TestNoteEqualsTshark(t *testing.T) {
	t.Parallel()
	for _, path := range captures(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			want := tshark(t, path, "f")
			for i, p := range readCapture(t, path) {
				got := noteFields(string(NewNote(Options{}).Append(nil, &p)))
				w := want[i]
				expect := map[string]string{"dst_mac": w["eth.dst"]}
				if w["eth.src"] != "" {
					expect["src_mac"] = w["eth.src"]
				}
				switch {
				case p.Has(sniffer.IPv4):
					header, _ := strconv.Atoi(w["ip.hdr_len"])
					total, _ := strconv.Atoi(w["ip.len"])
					expect["Ver"] = "IPv4"
					expect["HL"] = w["ip.hdr_len"] + " bytes"
					expect["TL"] = w["ip.len"] + " bytes"
					expect["payload length"] = strconv.Itoa(total-header) + " bytes"
					expect["TTL"] = w["ip.ttl"] + " hops"
					expect["next protocol"] = protocolName(w["ip.proto"])
					expect["src_ip"] = w["ip.src"]
					if !sourceRouted(&p) {
						expect["dst_ip"] = w["ip.dst"]
					}
				case p.Has(sniffer.IPv6):
					expect["Ver"] = "IPv" + w["ipv6.version"]
					expect["payload length"] = w["ipv6.plen"] + " bytes"
					expect["hop limit"] = w["ipv6.hlim"] + " hops"
					expect["next protocol"] = protocolName(w["ipv6.nxt"])
					expect["src_ip"], expect["dst_ip"] = w["ipv6.src"], w["ipv6.dst"]
				case p.Has(sniffer.ARP), p.Has(sniffer.RARP):
					expect["sender_mac"], expect["sender_ip"] = w["arp.src.hw_mac"], w["arp.src.proto_ipv4"]
					expect["target_mac"], expect["target_ip"] = w["arp.dst.hw_mac"], w["arp.dst.proto_ipv4"]
				}
				switch quotes := got["quotes"] != ""; {
				case p.Inner != nil:
				case p.Has(sniffer.TCP):
					expect["src_port"], expect["dst_port"] = w["tcp.srcport"], w["tcp.dstport"]
					expect["seq"], expect["ack"] = w["tcp.seq_raw"], w["tcp.ack_raw"]
					expect["TCP HL"], expect["window"] = w["tcp.hdr_len"]+" bytes", w["tcp.window_size_value"]
				case p.Has(sniffer.UDP):
					expect["src_port"], expect["dst_port"] = w["udp.srcport"], w["udp.dstport"]
					expect["UDP length"] = w["udp.length"] + " bytes"
				case p.Has(sniffer.ICMPv4) && !quotes && got["seq"] != "":
					expect["id"], expect["seq"] = w["icmp.ident"], w["icmp.seq"]
					expect["code"] = w["icmp.code"]
				}
				for label, value := range expect {
					if got[label] != value {
						t.Errorf("frame %d: %s is %q, tshark has %q", p.Number, label, got[label], value)
					}
				}
			}
		})
	}
}

func protocolName(number string) string {
	n, err := strconv.ParseUint(number, 10, 8)
	if name := iana.Protocol(uint8(n)); err == nil && name != "" {
		return name
	}
	return number + " unknown"
}

// noteFields reads the note's lines: the first of each label.
func noteFields(text string) map[string]string {
	values := map[string]string{}
	for _, line := range strings.Split(text, "\n")[2:] {
		if len(line) <= valueColumn || line[0] == '-' {
			continue
		}
		label := strings.TrimSpace(line[:valueColumn])
		value, _, _ := strings.Cut(line[valueColumn:], "  ")
		if i := strings.Index(value, " ["); i >= 0 {
			value = value[:i]
		}
		if _, ok := values[label]; !ok {
			values[label] = value
		}
	}
	return values
}
