package cli

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wirelab/internal/exit"
)

func TestStats(t *testing.T) {
	stdout, _, code, err := read(t, "-r", session31, "--stats", "-o", "none", "--lang", "en")
	if code != exit.OK || err != nil || !strings.HasPrefix(stdout, "31 frames, ") || !strings.Contains(stdout, "\n      ipv4 ") {
		t.Errorf("exit code %d, %v: %s", code, err, stdout)
	}
	lines, _, _, _ := read(t, "-r", session31)
	both, _, _, _ := read(t, "-r", session31, "--stats", "--lang", "en")
	if rest, ok := strings.CutPrefix(both, lines); !ok || rest != stdout {
		t.Errorf("the lines and the statistics are %q", both)
	}
	picture := filepath.Join(t.TempDir(), "rate.svg")
	stdout, _, _, _ = read(t, "-r", session31, "--stats="+picture, "-o", "json")
	all := strings.Split(strings.TrimSpace(stdout), "\n")
	var last struct {
		Statistics struct {
			Frames int
			Rate   struct{ Frames []int }
		}
	}
	if err := json.Unmarshal([]byte(all[len(all)-1]), &last); err != nil || len(all) != 32 || last.Statistics.Frames != 31 || len(last.Statistics.Rate.Frames) == 0 {
		t.Errorf("%d lines, %v, statistics %+v", len(all), err, last)
	}
	svg, err := os.Open(picture)
	if err != nil {
		t.Fatal(err)
	}
	defer svg.Close()
	for d := xml.NewDecoder(svg); err == nil; {
		_, err = d.Token()
	}
	if !errors.Is(err, io.EOF) {
		t.Errorf("the picture: %v", err)
	}
	for _, args := range [][]string{{"--stats=rate.png"}, {"--stats", "-w", "-"}} {
		if _, _, code, _ := read(t, append([]string{"-r", session31}, args...)...); code != exit.Usage {
			t.Errorf("%q: exit code %d, want %d", args, code, exit.Usage)
		}
	}
}
