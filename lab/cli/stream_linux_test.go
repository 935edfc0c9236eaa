package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"wirelab/lab/claim"
	"wirelab/lab/script"
)

// The stream has every packet once, in the order of the capture and ahead of the events
// that came after it.
func TestStreamHasEveryPacket(t *testing.T) {
	requireBackend(t, "netns")
	program := wirelab(t)
	stdout, stderr, code := command(t, program, "run", "-o", t.TempDir(), "--json-stream", "ping", "hub-and-switch")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	packets, judged, done := 0, 0, 0
	for line := range strings.Lines(stdout) {
		var e script.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		switch e.Kind {
		case script.Opening:
			packets, judged = 0, 0
		case script.Captured:
			packets++
			if e.Packet.Number != packets || e.Packet.Time.IsZero() || e.Packet.Length == 0 || e.Packet.From == "" || e.Packet.What == "" {
				t.Errorf("packet %d is %s", packets, line)
			}
			if !e.Packet.Marker {
				judged++
			}
		case script.Barrier, script.Done:
			if e.Captured != packets {
				t.Errorf("%s %s: %d packets were captured, and %d told", e.Kind, e.Label, e.Captured, packets)
			}
			if e.Kind == script.Done {
				done++
				if claim.Overall(e.Verdicts) != claim.Pass || judged < 4 {
					t.Errorf("%d packets that are no markers: %s", judged, line)
				}
			}
		}
	}
	if done != 2 {
		t.Errorf("%d experiments are done, want 2:\n%s", done, stdout)
	}
}

// What cannot be written is told once, and not with each packet.
func TestStreamUnwritable(t *testing.T) {
	requireBackend(t, "netns")
	out, code := answered(t, t.TempDir(), "/bin/sh", "", "-c", "exec "+wirelab(t)+" run --lang en --json-stream ping-once >/dev/full")
	if n := strings.Count(out, "no space left"); code != 3 || n != 1 {
		t.Errorf("exit code %d, told %d times:\n%s", code, n, out)
	}
}
