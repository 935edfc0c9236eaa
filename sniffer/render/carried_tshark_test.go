package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"wirelab/internal/require"
	"wirelab/sniffer/dissect"
)

// carriedFields are what tshark calls our keys; how says how tshark writes the value.
var carriedFields = []struct {
	field, key, how string
}{
	{"dns.id", "dns.id", "0x%04x"}, {"dns.flags.response", "dns.response", ""}, {"dns.flags.opcode", "dns.opcode", ""},
	{"dns.flags.authoritative", "dns.authoritative", ""}, {"dns.flags.truncated", "dns.truncated", ""},
	{"dns.flags.recdesired", "dns.recursion_desired", ""}, {"dns.flags.recavail", "dns.recursion_available", ""}, {"dns.flags.rcode", "dns.code", ""},
	{"dns.count.queries", "dns.question_count", ""}, {"dns.count.answers", "dns.answer_count", ""},
	{"dns.count.auth_rr", "dns.authority_count", ""}, {"dns.count.add_rr", "dns.additional_count", ""},
	{"dns.qry.name", "dns.questions.name", ""}, {"dns.qry.type", "dns.questions.type", ""},
	{"dns.resp.type", "dns.answers.type", ""}, {"dns.resp.ttl", "dns.answers.ttl", ""},
	{"dns.a", "dns.answers.data:1", ""}, {"dns.aaaa", "dns.answers.data:28", ""}, {"dns.cname", "dns.answers.data:5", ""},
	{"dns.ns", "dns.answers.data:2", ""}, {"dns.ptr.domain_name", "dns.answers.data:12", ""}, {"dns.txt", "dns.answers.data:16", ""},
	{"tls.record.version", "tls.record_version", "0x%04x"}, {"tls.handshake.type", "tls.handshake", ""}, {"tls.handshake.version", "tls.legacy_version", "0x%04x"},
	{"tls.handshake.extensions.supported_version", "tls.supported_versions", "0x%04x"}, {"tls.handshake.extensions_server_name", "tls.server_name", ""},
	{"tls.handshake.extensions_alpn_str", "tls.alpn", ""},
	{"http.request.method", "http.method", ""}, {"http.request.uri", "http.target", ""}, {"http.response.code", "http.status", ""}, {"http.response.phrase", "http.reason", ""},
	{"dhcp.type", "dhcp.operation", ""}, {"dhcp.id", "dhcp.transaction_id", "0x%08x"}, {"dhcp.option.dhcp", "dhcp.type", ""}, {"dhcp.hw.mac_addr", "dhcp.client_mac", ""},
	{"dhcp.ip.client", "dhcp.client_address", "address"}, {"dhcp.ip.your", "dhcp.your_address", "address"}, {"dhcp.ip.server", "dhcp.next_server", "address"},
	{"dhcp.ip.relay", "dhcp.relay", "address"}, {"dhcp.option.requested_ip_address", "dhcp.requested_address", ""},
	{"dhcp.option.dhcp_server_id", "dhcp.server", ""}, {"dhcp.option.ip_address_lease_time", "dhcp.lease", ""}, {"dhcp.option.subnet_mask", "dhcp.subnet_mask", ""},
	{"dhcp.option.router", "dhcp.routers", ""}, {"dhcp.option.domain_name_server", "dhcp.dns_servers", ""}, {"dhcp.option.domain_name", "dhcp.domain_name", ""},
	{"dhcp.option.hostname", "dhcp.host_name", ""}, {"dhcp.option.message", "dhcp.message", ""},
	{"dhcpv6.msgtype", "dhcpv6.type", ""}, {"dhcpv6.xid", "dhcpv6.transaction_id", "0x%06x"}, {"dhcpv6.iaaddr.ip", "dhcpv6.addresses", ""}, {"dhcpv6.dns_server", "dhcpv6.dns_servers", ""},
	{"ntp.flags.li", "ntp.leap", ""}, {"ntp.flags.vn", "ntp.version", ""}, {"ntp.flags.mode", "ntp.mode", ""}, {"ntp.stratum", "ntp.stratum", ""},
	{"ntp.ppoll", "ntp.poll", ""}, {"ntp.precision", "ntp.precision", "byte"}, {"ntp.rec", "ntp.receive_time", "time"}, {"ntp.xmt", "ntp.transmit_time", "time"},
	{"igmp.type", "igmp.type", "0x%02x"}, {"igmp.version", "igmp.version", ""}, {"igmp.maddr", "igmp.groups", ""}, {"igmp.record_type", "igmp.records.type", ""}, {"igmp.saddr", "igmp.all_sources", ""},
	{"stp.version", "stp.version", ""}, {"stp.type", "stp.type", "0x%02x"}, {"stp.flags.tc", "stp.topology_change", ""},
	{"stp.root.prio", "stp.root_priority", ""}, {"stp.root.ext", "stp.root_extension", ""}, {"stp.root.hw", "stp.root_mac", ""}, {"stp.root.cost", "stp.root_cost", ""},
	{"stp.bridge.prio", "stp.bridge_priority", ""}, {"stp.bridge.ext", "stp.bridge_extension", ""}, {"stp.bridge.hw", "stp.bridge_mac", ""}, {"stp.port", "stp.port", "0x%04x"},
	{"lldp.chassis.subtype", "lldp.chassis_subtype", ""}, {"lldp.chassis.id.mac", "lldp-chassis.id:4", ""}, {"lldp.chassis.id.ip4", "lldp-chassis.id:5", ""},
	{"lldp.port.subtype", "lldp.port_subtype", ""}, {"lldp.port.id", "lldp-port.id:5", ""}, {"lldp.port.id.mac", "lldp-port.id:3", ""}, {"lldp.time_to_live", "lldp.ttl", ""}, {"lldp.port.desc", "lldp.port_description", ""},
	{"lldp.tlv.system.name", "lldp.system_name", ""}, {"lldp.tlv.system.desc", "lldp.system_description", ""},
	{"icmp.mtu", "icmpv4.mtu", ""}, {"icmp.redir_gw", "icmpv4.gateway", ""}, {"icmpv6.mtu", "icmpv6.mtu", ""},
	{"ip.src", "quoted.ipv4.src", ""}, {"ip.dst", "quoted.ipv4.dst", ""}, {"ip.len", "quoted.ipv4.total_length", ""}, {"ipv6.src", "quoted.ipv6.src", ""},
	{"udp.srcport", "quoted.udp.src_port", ""}, {"udp.dstport", "quoted.udp.dst_port", ""}, {"udp.length", "quoted.udp.length", ""}, {"icmp.seq", "quoted.icmpv4.seq", ""},
}

// carriedValues returns the values at a path, those of lists in their order;
// ":N" behind it chooses elements of that type.
func carriedValues(v any, path string) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		var all []any
		for _, element := range v {
			all = append(all, carriedValues(element, path)...)
		}
		return all
	case map[string]any:
		first, rest, _ := strings.Cut(path, ".")
		key, kind, chosen := strings.Cut(first, ":")
		if chosen && fmt.Sprint(v["type"]) != kind {
			return nil
		}
		return carriedValues(v[key], rest)
	}
	return []any{v}
}

// escapes are tshark's ways to write what we write as \x1b.
var escapes = strings.NewReplacer(`\033`, `\x1b`, "\x1b", `\x1b`)

// arrange puts values where tshark has them.
func arrange(object map[string]any) {
	if object["mdns"] != nil {
		object["dns"] = object["mdns"]
	}
	if dns := carriedValues(object["quoted"], "dns.id"); dns != nil {
		object["dns"] = object["quoted"].(map[string]any)["dns"]
	}
	if igmp, ok := object["igmp"].(map[string]any); ok {
		igmp["groups"] = append(carriedValues(igmp, "group"), carriedValues(igmp, "records.group")...)
		igmp["all_sources"] = append(carriedValues(igmp, "sources"), carriedValues(igmp, "records.sources")...)
	}
	if lldp, ok := object["lldp"].(map[string]any); ok {
		object["lldp-chassis"] = map[string]any{"type": lldp["chassis_subtype"], "id": lldp["chassis_id"]}
		object["lldp-port"] = map[string]any{"type": lldp["port_subtype"], "id": lldp["port_id"]}
	}
}

// ntpTime returns a time that tshark wrote as we do.
func ntpTime(t *testing.T, text string) string {
	t.Helper()
	if text == "NULL" {
		return ""
	}
	at, err := time.Parse("Jan _2, 2006 15:04:05.000000000 MST", text)
	if err != nil {
		t.Fatal(err)
	}
	return at.Format("2006-01-02T15:04:05.000000000Z07:00")
}

// What is named of a frame is what tshark reads from it, and where tshark finds
// none of these protocols nothing is.
func TestCarriedEqualsTshark(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("tshark")
	if err != nil {
		require.Missing(t, "tshark", "tshark is not installed")
	}
	compared := map[string]int{}
	for _, path := range captures(t) {
		args := []string{"-r", path, "-n", "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=\x1f", "-o", "tcp.desegment_tcp_streams:FALSE", "-o", "tcp.analyze_sequence_numbers:FALSE"}
		for _, f := range carriedFields {
			args = append(args, "-e", f.field)
		}
		out, err := exec.Command(program, args...).Output()
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(out), "\n")
		for i, p := range readCapture(t, path) {
			d := json.NewDecoder(bytes.NewReader(NewJSON(Options{}).Append(nil, &p)))
			d.UseNumber()
			var object map[string]any
			if err := d.Decode(&object); err != nil {
				t.Fatal(err)
			}
			arrange(object)
			if tls, ok := object["tls"].(map[string]any); ok && tls["incomplete"] != nil {
				continue // of which tshark tells nothing
			}
			if m := dissect.Of(&p); m == nil && (p.SrcPort == 53 || p.EtherType == 0x88cc) {
				continue // what tshark calls malformed
			}
			values := strings.Split(lines[i], "\t")
			for j, f := range carriedFields {
				var got []string
				for _, v := range carriedValues(object, f.key) {
					got = append(got, escapes.Replace(asTshark(v, f.how)))
				}
				var want []string
				if values[j] != "" {
					want = strings.Split(escapes.Replace(values[j]), "\x1f")
				}
				if strings.HasPrefix(f.key, "quoted.") && len(want) > 0 { // the others are of the frame itself
					if want = want[len(want)-1:]; object["quoted"] == nil {
						continue
					}
				}
				for k := range want {
					switch f.how {
					case "address":
						want[k] = strings.ReplaceAll(want[k], "0.0.0.0", "")
					case "time":
						want[k] = ntpTime(t, want[k])
					case "byte": // tshark has it without a sign
						n, _ := strconv.Atoi(want[k])
						want[k] = strconv.Itoa(int(int8(n)))
					}
				}
				want = slices.DeleteFunc(want, func(s string) bool { return s == "" })
				if strings.HasPrefix(f.field, "dns.resp.") { // of all sections, answers first
					want = want[:min(len(want), len(got))]
				}
				equal := len(got) == len(want)
				for k := 0; equal && k < len(got); k++ {
					equal = same(got[k], want[k])
				}
				if !equal {
					t.Errorf("%s frame %d: %s is %q, tshark's %s is %q", path, p.Number, f.key, got, f.field, want)
				}
				compared[f.key] += len(got)
			}
		}
	}
	for _, f := range carriedFields {
		if compared[f.key] == 0 {
			t.Errorf("no frame has %s", f.key)
		}
	}
}
