package cli

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"wirelab/internal/exit"
	"wirelab/sniffer"
)

// datagram is a UDP datagram in IPv4 in Ethernet.
func datagram(payload string) []byte {
	b := []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, byte(28 + len(payload)), 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2}
	return append(append(b, 0x13, 0x88, 0x1b, 0x59, 0, byte(8+len(payload)), 0, 0), payload...)
}

// The payload stands behind the line as text, escaped and bounded, and the line is what
// it is without it.
func TestText(t *testing.T) {
	for payload, want := range map[string]string{
		"hello, 伺服器\n": `"hello, 伺服器\n"`, `a "b" \n`: `"a \"b\" \\n"`, "\x1b[2J\x00\xff": `"\x1b[2J\x00\xff"`, "": "",
	} {
		file := fileOf(t, sniffer.LinkEthernet, datagram(payload))
		plain, _, _, _ := read(t, "-r", file, "--utc")
		got, _, code, err := read(t, "-r", file, "--utc", "--text")
		if want = strings.TrimSuffix(strings.TrimSuffix(plain, "\n")+" "+want, " ") + "\n"; code != exit.OK || got != want {
			t.Errorf("%q: code %d, %v\n%swant\n%s", payload, code, err, got, want)
		}
	}
	long := fileOf(t, sniffer.LinkLinuxSLL, nil) // no payload at all
	if got, _, code, err := read(t, "-r", long, "--text"); code != exit.OK || strings.Contains(got, `"`) {
		t.Errorf("code %d, %v\n%s", code, err, got)
	}
}

// One frame is shown by its number, in every output, as among the others.
func TestFrame(t *testing.T) {
	all, _, _, _ := read(t, "-r", session31)
	lines := strings.SplitAfter(all, "\n")
	for _, n := range []int{1, 7, 31} {
		got, stderr, code, err := read(t, "-r", session31, "--frame", fmt.Sprint(n))
		if code != exit.OK || got != lines[n-1] || !strings.Contains(stderr, "1 shown") {
			t.Errorf("frame %d: code %d, %v, %s\n%swant\n%s", n, code, err, stderr, got, lines[n-1])
		}
		object, _, _, _ := read(t, "-r", session31, "--frame", fmt.Sprint(n), "-o", "json")
		var v struct{ Number int }
		if err := json.Unmarshal([]byte(object), &v); err != nil || v.Number != n {
			t.Errorf("frame %d in JSON: %v\n%s", n, err, object)
		}
		fields, _, _, _ := read(t, "-r", session31, "--frame", fmt.Sprint(n), "-o", "fields")
		if !strings.HasPrefix(fields, fmt.Sprintf("frame %d ", n)) || strings.Count(fields, "\n\n") != 1 {
			t.Errorf("frame %d in fields:\n%s", n, fields)
		}
	}
	if got, _, code, _ := read(t, "-r", session31, "--frame", "1", "icmp"); code != exit.OK || got != "" {
		t.Errorf("a frame that the filter does not want: code %d\n%s", code, got)
	}
	for _, args := range [][]string{{"-r", session31, "--frame", "32"}, {"--frame", "1"}} {
		if _, _, code, err := read(t, args...); code != exit.Usage || err == nil {
			t.Errorf("%v: code %d, %v, want %d", args, code, err, exit.Usage)
		}
	}
}

// What is said in a file is told at its end, as far as the filter wants it.
func TestStreamOfFile(t *testing.T) {
	for expression, want := range map[string]string{
		"tcp":           "tcp 10.77.0.11:39502 > 10.77.0.10:7000\n  12 10.77.0.11  hello\n  14 10.77.0.10  hello\n",
		"udp port 7001": "udp 10.77.0.11:5000 > 10.77.0.10:7001\n  19 10.77.0.11  你好\n  20 10.77.0.10  你好\n",
		"icmp":          "",
	} {
		got, _, code, err := read(t, "-r", session31, "-o", "stream", expression)
		got = regexp.MustCompile(` \d\d:\d\d:\d\d\.\d{6}`).ReplaceAllString(got, "")
		if code != exit.OK || got != want {
			t.Errorf("%s: code %d, %v\n%swant\n%s", expression, code, err, got, want)
		}
	}
	got, _, _, _ := read(t, "-r", session31, "-o", "stream", "udp or ip[6:2] & 0x1fff != 0")
	if n := strings.Count(got, "b"); n < 900 || strings.Contains(got, "missing") {
		t.Errorf("of a datagram in fragments %d words\n%.200s", n, got)
	}
	for _, args := range [][]string{{"-o", "stream", "-x"}, {"-o", "stream", "--text"}} {
		if _, _, code, err := read(t, append(args, "-r", session31)...); code != exit.Usage {
			t.Errorf("%v: code %d, %v", args, code, err)
		}
	}
}

// What was said past the limit is counted, and what was kept is shown.
func TestStreamIsBounded(t *testing.T) {
	payload := strings.Repeat("x", 60)
	frames := make([][]byte, 1<<19)
	for i := range frames {
		frames[i] = datagram(payload)
	}
	stdout, stderr, code, err := read(t, "-r", fileOf(t, sniffer.LinkEthernet, frames...), "-o", "stream")
	shown := strings.Count(stdout, payload)
	if want := fmt.Sprintf("the last %d packets are not shown", len(frames)-shown); code != exit.OK || shown == 0 || !strings.Contains(stderr, want) {
		t.Errorf("code %d, %v, %d shown: no %q in %s", code, err, shown, want, stderr)
	}
}
