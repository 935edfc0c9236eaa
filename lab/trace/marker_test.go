package trace_test

import (
	"fmt"
	"testing"

	"wirelab/lab/trace"
	"wirelab/lab/trace/tracetest"
)

// A cable tells markers from other frames in either version of IP, before they are decoded.
func TestIsMarker(t *testing.T) {
	for _, v6 := range []bool{false, true} {
		t.Run(fmt.Sprintf("v6=%t", v6), func(t *testing.T) {
			w := tracetest.New(t, "client1", "server")
			w.V6 = v6
			w.Mark("start", "client1")
			w.UDP("client1", "*", 9, trace.MarkerPort, "no marker")
			w.UDP("client1", "server", 9, trace.MarkerPort, string(trace.Marker{Label: "start", Host: "client1"}.Payload()))
			for n, want := range []bool{true, false, false} {
				if got := trace.IsMarker(w.Recording.Frame(n + 1).Data); got != want {
					t.Errorf("packet %d: %t, want %t", n+1, got, want)
				}
			}
		})
	}
}
