package cli

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wirelab/internal/exit"
	"wirelab/sniffer"
	"wirelab/sniffer/pcapfile"
)

// Frames of any link type are listed, counted, limited and written, beside others;
// times before 1970 and frames without a time too.
func TestEveryFrameIsListed(t *testing.T) {
	var file bytes.Buffer
	w, err := pcapfile.NewWriter(&file, pcapfile.Interface{LinkType: sniffer.LinkEthernet}, pcapfile.Interface{LinkType: 147, TimeOffset: -1_000_000})
	if err != nil {
		t.Fatal(err)
	}
	frames := []sniffer.Frame{
		{LinkType: sniffer.LinkEthernet, Data: make([]byte, 60), Length: 60}, // no time
		{Time: time.Unix(-1, 250_000_000), LinkType: 147, Data: []byte{0xca, 0xfe}, Length: 2, Interface: 1},
		{Time: time.Unix(5, 0), LinkType: sniffer.LinkEthernet, Data: make([]byte, 61), Length: 61},
	}
	if err := errors.Join(w.WriteFrames(frames), w.Flush()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "odd.pcapng")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code, err := read(t, "-r", path, "--utc")
	if code != exit.OK || !strings.Contains(stderr, "3 packets captured, 3 shown, drops not recorded, 0 malformed") {
		t.Errorf("code %d, %v\n%s", code, err, stderr)
	}
	lines := strings.Split(stdout, "\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[0], "   1 -  ") || lines[1] != "   2 23:59:59.250000 link-type=147 len=2 cafe" {
		t.Errorf("lines\n%s", stdout)
	}
	copied, _, code, err := read(t, "-r", path, "-w", "-")
	if code != exit.OK {
		t.Fatal(err)
	}
	got, _ := packets(t, []byte(copied))
	if d := cmp.Diff(frames, got); d != "" {
		t.Errorf("copied (-want +got)\n%s", d)
	}
	if two, _, _, _ := read(t, "-r", path, "-c", "2"); strings.Count(two, "\n") != 2 {
		t.Errorf("-c 2:\n%s", two)
	}
	filtered, stderr, code, err := read(t, "-r", path, "greater", "61")
	if code != exit.OK || strings.Count(filtered, "\n") != 1 || !strings.Contains(stderr, "cannot judge frames of link type 147") {
		t.Errorf("greater 61: code %d, %v\n%s%s", code, err, filtered, stderr)
	}
	object, _, _, _ := read(t, "-r", path, "-o", "json", "-c", "2")
	if !regexp.MustCompile(`"time":null,.*\n.*"time":"1969-12-31T23:59:59.250000000Z",.*"link_type":147,"layers":\[\],.*"raw":"cafe"`).MatchString(object) {
		t.Errorf("JSON\n%s", object)
	}
}
