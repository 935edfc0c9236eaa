package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"

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

// What is named of a frame is what tshark reads from it, and where tshark finds
// none of these protocols nothing is.
func TestCarriedEqualsTshark(t *testing.T) {
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
			if object["mdns"] != nil {
				object["dns"] = object["mdns"]
			}
			if tls, ok := object["tls"].(map[string]any); ok && tls["incomplete"] != nil {
				continue // of which tshark tells nothing
			}
			if m := dissect.Of(&p); m == nil && (p.SrcPort == 53) {
				continue // what tshark calls malformed
			}
			values := strings.Split(lines[i], "\t")
			for j, f := range carriedFields {
				var got []string
				for _, v := range carriedValues(object, f.key) {
					got = append(got, strings.ReplaceAll(asTshark(v, f.how), `\x1b`, `\033`))
				}
				var want []string
				if values[j] != "" {
					want = strings.Split(values[j], "\x1f")
				}
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
