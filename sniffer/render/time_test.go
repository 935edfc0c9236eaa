package render

import (
	"testing"
	"time"
)

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 7: "7ns", 11523456: "11.5ms", 158 * time.Millisecond: "158ms", 1234567890: "1.23s", 12345 * time.Millisecond: "12.3s", 125 * time.Second: "2m5s",
	} {
		if got := Duration(d); got != want {
			t.Errorf("%d ns is written %q, want %q", d, got, want)
		}
	}
}
