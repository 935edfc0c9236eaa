package filter

import (
	"testing"

	"wirelab/sniffer"

	"golang.org/x/net/bpf"
)

// typical is a frame of the HTTP request that filters are written for: 10.0.0.1
// port 40000 to 10.0.0.2 port 80, 1,000 bytes.
func typical() []byte {
	f := []byte("\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00" +
		"\x45\x00\x03\xda\x00\x01\x40\x00\x40\x06\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02" +
		"\x9c\x40\x00\x50\x00\x00\x00\x01\x00\x00\x00\x01\x50\x18\x01\x00\x00\x00\x00\x00")
	return append(f, make([]byte, 1000-len(f))...)
}

func BenchmarkMatch(b *testing.B) {
	for _, expr := range []string{"", "tcp", "host 10.0.0.2 and tcp port 80", "not host 10.0.0.1", "vlan 5 and udp port 53"} {
		b.Run(expr, func(b *testing.B) {
			f, err := Compile(expr, sniffer.LinkEthernet, nil)
			if err != nil {
				b.Fatal(err)
			}
			frame := typical()
			b.ReportAllocs()
			for b.Loop() {
				f.Match(frame, len(frame))
			}
		})
	}
}

// What Match is measured against.
func BenchmarkVM(b *testing.B) {
	f, err := Compile("host 10.0.0.2 and tcp port 80", sniffer.LinkEthernet, nil)
	if err != nil {
		b.Fatal(err)
	}
	program, _ := bpf.Disassemble(f.file)
	vm, err := bpf.NewVM(program)
	if err != nil {
		b.Fatal(err)
	}
	frame := typical()
	for b.Loop() {
		if n, err := vm.Run(frame); n == 0 || err != nil {
			b.Fatal(n, err)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		if _, err := Compile("host 10.0.0.2 and tcp port 80", sniffer.LinkEthernet, nil); err != nil {
			b.Fatal(err)
		}
	}
}
