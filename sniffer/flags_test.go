package sniffer_test

import (
	"testing"

	"wirelab/sniffer"
)

func TestTCPFlags(t *testing.T) {
	const all = sniffer.FIN | sniffer.SYN | sniffer.RST | sniffer.PSH | sniffer.ACK | sniffer.URG | sniffer.ECE | sniffer.CWR
	tests := []struct {
		flags          sniffer.TCPFlags
		words, letters string
	}{
		{0, "none", "none"},
		{sniffer.SYN, "SYN", "S"},
		{sniffer.SYN | sniffer.ACK, "SYN ACK", "S."},
		{sniffer.ACK, "ACK", "."},
		{sniffer.PSH | sniffer.ACK, "PSH ACK", "P."},
		{sniffer.FIN | sniffer.ACK, "FIN ACK", "F."},
		{sniffer.FIN | sniffer.PSH | sniffer.ACK, "FIN PSH ACK", "FP."},
		{sniffer.RST, "RST", "R"},
		{sniffer.RST | sniffer.ACK, "RST ACK", "R."},
		{sniffer.SYN | sniffer.ECE | sniffer.CWR, "SYN ECE CWR", "SEW"},
		{sniffer.ACK | sniffer.URG, "ACK URG", "U."},
		{all, "SYN FIN RST PSH ACK URG ECE CWR", "SFRPU.EW"},
	}
	for _, test := range tests {
		if got := test.flags.String(); got != test.words {
			t.Errorf("%#x: %q, want %q", uint8(test.flags), got, test.words)
		}
		if got := test.flags.Letters(); got != test.letters {
			t.Errorf("%#x: letters %q, want %q", uint8(test.flags), got, test.letters)
		}
	}
}

func TestParseFlags(t *testing.T) {
	for i := range 256 {
		want := sniffer.TCPFlags(i)
		for _, text := range []string{want.String(), want.Letters()} {
			if got, err := sniffer.ParseFlags(text); got != want || err != nil {
				t.Errorf("%q: %#x, %v: want %#x", text, uint8(got), err, i)
			}
		}
	}
	for text, want := range map[string]sniffer.TCPFlags{
		" ACK  SYN ": sniffer.SYN | sniffer.ACK, ".S": sniffer.SYN | sniffer.ACK,
	} {
		if got, err := sniffer.ParseFlags(text); got != want || err != nil {
			t.Errorf("%q: %v, %v: want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", " ", "SYN SYN", "SS", "syn", "SYN .", "S .", "SYN acked", "none SYN", "X"} {
		if got, err := sniffer.ParseFlags(text); err == nil {
			t.Errorf("%q: %v, want an error", text, got)
		}
	}
}
