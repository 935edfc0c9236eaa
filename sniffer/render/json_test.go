package render

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"wirelab/sniffer"
	"wirelab/sniffer/statistics"
)

// Times are written as time.Time writes them, in the same second as in another.
func TestClock(t *testing.T) {
	stamp, utc, local := clock{form: rfc3339, utc: true}, clock{form: timeOfDay, utc: true}, clock{form: timeOfDay}
	for seconds := int64(-62167219200); seconds < 253402300800; seconds += 86399770 {
		for _, nanos := range []int64{0, seconds & 0x3fffffff % 1e9, 999_999_999} {
			at := time.Unix(seconds, nanos).UTC()
			got, ok := stamp.appendTime(nil, at)
			if want := at.Format("2006-01-02T15:04:05.000000000Z"); !ok || string(got) != want {
				t.Fatalf("%s, %v: want %s", got, ok, want)
			}
			if got, want := string(utc.appendMicroseconds(nil, at)), at.Format("15:04:05.000000"); got != want {
				t.Fatalf("%s, want %s", got, want)
			}
			if got, want := string(local.appendMicroseconds(nil, at)), at.Local().Format("15:04:05.000000"); got != want {
				t.Fatalf("%s, want %s", got, want)
			}
		}
	}
	for _, year := range []int{-1, 10000} {
		if _, ok := stamp.appendTime(nil, time.Date(year, 7, 1, 0, 0, 0, 0, time.UTC)); ok {
			t.Errorf("the year %d is written", year)
		}
	}
}

// What has no time, interface or direction is JSON too.
func TestJSONOfNothing(t *testing.T) {
	got := string(NewJSON(Options{}).Append(nil, &sniffer.Packet{Number: 1}))
	want := `{"number":1,"time":null,"length":0,"captured":0,"interface":0,"link_type":0,"layers":[],"notation":"frame len=0","raw":""}` + "\n"
	if got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

// docs/sniff-json.md lists every key that is written, and no other.
func TestJSONKeysAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/sniff-json.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for _, match := range regexp.MustCompile("(?m)^\\| `([a-z0-9_.\\[\\]]+)` \\|").FindAllStringSubmatch(string(text), -1) {
		documented = append(documented, match[1])
	}
	seen := map[string]bool{}
	printer := NewJSON(Options{Names: hosts, InterfaceName: func(int) string { return "eth0" }})
	for _, p := range decoded(t, slices.Concat(frames, carriedFrames)) {
		for _, direction := range []sniffer.Direction{sniffer.In, sniffer.Out} {
			p.Direction = direction
			var object map[string]any
			if err := json.Unmarshal(printer.Append(nil, &p), &object); err != nil {
				t.Fatal(err)
			}
			keys(object, "", seen)
		}
	}
	var sum statistics.Statistics
	for _, p := range decoded(t, slices.Concat(frames, frames)) { // twice: segments are sent again
		sum.Add(&p)
		var object map[string]any
		if err := json.Unmarshal(printer.Append(nil, &p), &object); err != nil {
			t.Fatal(err)
		}
		keys(object, "", seen)
	}
	var b bytes.Buffer
	if err := StatisticsJSON(&b, &sum); err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := json.Unmarshal(b.Bytes(), &object); err != nil {
		t.Fatal(err)
	}
	keys(object, "", seen)
	for key := range seen {
		for _, prefix := range []string{"quoted.", "inner."} {
			for strings.HasPrefix(key, prefix) && !slices.Contains(documented, key) {
				key = strings.TrimPrefix(key, prefix)
			}
		}
		if rest, ok := strings.CutPrefix(key, "mdns."); ok {
			key = "dns." + rest
		}
		if !slices.Contains(documented, key) {
			t.Errorf("%s is not documented", key)
		}
	}
	seen["dhcpv6.incomplete"] = true // of a message of more than 2,048 bytes
	for _, key := range documented {
		if !seen[key] {
			t.Errorf("%s is documented, and no test frame has it", key)
		}
	}
}

// keys collects the paths of all values: "ipv4.ttl", "vlan[].id".
func keys(v any, path string, seen map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if path != "" {
				key = path + "." + key
			}
			seen[key] = true
			keys(value, key, seen)
		}
	case []any:
		for _, value := range v {
			if _, ok := value.(map[string]any); ok {
				keys(value, path+"[]", seen)
			}
		}
	}
}

// checkJSON reads a line as JSON that has no key twice.
func checkJSON(t *testing.T, p *sniffer.Packet, text []byte) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	if err := unique(d); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	var object struct{ Raw string }
	if err := json.Unmarshal(text, &object); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	if object.Raw != hex.EncodeToString(p.Data) {
		t.Errorf("raw %s of % x", object.Raw, p.Data)
	}
}

func unique(d *json.Decoder) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	seen := map[string]bool{}
	for d.More() {
		if delim == '{' {
			key, err := d.Token()
			if err != nil {
				return err
			}
			if seen[key.(string)] {
				return fmt.Errorf("key %q twice", key)
			}
			seen[key.(string)] = true
		}
		if err := unique(d); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

func FuzzJSON(f *testing.F) {
	check := one("json", NewJSON, false)
	fuzzPackets(f, func(t *testing.T, p *sniffer.Packet) {
		check(t, p)
		text := NewJSON(Options{Names: hosts}).Append(nil, p)
		checkJSON(t, p, text)
		if strings.Contains(string(text), "\x1b") {
			t.Errorf("an escape in %q", text)
		}
	})
}
