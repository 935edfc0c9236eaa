package render

import (
	"testing"
	"time"
)

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 7: "7 ns", 11523456: "11.5 ms", 158 * time.Millisecond: "158 ms", 1234567890: "1.23 s", 12345 * time.Millisecond: "12.3 s",
		59960 * time.Millisecond: "1m0s", 125 * time.Second: "2m5s",
	} {
		if got := Duration(d); got != want {
			t.Errorf("%d ns is written %q, want %q", d, got, want)
		}
	}
}
