package cli

import (
	"io"
	"os"
	"testing"
)

// BenchmarkSniff reads the capture that WIRELAB_BENCH names, one of those that
// scripts/bench-sniffer makes, or a small one.
func BenchmarkSniff(b *testing.B) {
	path := os.Getenv("WIRELAB_BENCH")
	if path == "" {
		path = session31
	}
	for _, bench := range []struct {
		name string
		args []string
	}{
		{"line", nil},
		{"json", []string{"-o", "json"}},
		{"note", []string{"-o", "note"}},
		{"copy", []string{"-o", "none", "-w", os.DevNull}},
		{"filter", []string{"-o", "none", "-w", os.DevNull, "tcp", "port", "443"}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			info, err := os.Stat(path)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(info.Size())
			for b.Loop() {
				if _, err := sniff(b.Context(), nil, io.Discard, io.Discard, append(bench.args, "-r", path)...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
