package sniffer

import (
	"encoding/hex"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// plainFrames are TCP with and without options, and UDP, with and without padding.
var plainFrames = []string{
	"02000000000a02000000000b0800" + "4500002a000040004006" + "0000" + "0a4d000b0a4d000a" + "9c401b58000000010000000250180100" + "00000000" + "6869",
	"02000000000a02000000000b0800" + "45000034000140004006" + "0000" + "0a4d000b0a4d000a" + "9c401b58000000010000000280180100" + "00000000" + "0101080a0000000500000006",
	"02000000000a02000000000b86dd" + "60000000000b1140" + "fd000000000000000000000000000011" + "fd000000000000000000000000000010" + "13881b59000b0000" + "616263" + "000000",
	"02000000000a02000000000b86dd" + "6000000000160640" + "fd000000000000000000000000000011" + "fd000000000000000000000000000010" + "9c401b58000000010000000250180100" + "00000000" + "6869",
	"02000000000a02000000000b0800" + "4500001f000100004011" + "0000" + "0a4d000b0a4d000a" + "13881b59000b0000" + "616263" + "000000",
}

func wholeFrame(data []byte, length int) Packet {
	return Packet{Number: 1, Frame: Frame{Data: data, Length: length, LinkType: LinkEthernet}}
}

// Each of the frames that are read at once is.
func TestPlain(t *testing.T) {
	for _, text := range plainFrames {
		data := unhex(t, text)
		if p := wholeFrame(data, len(data)); !p.plain() {
			t.Errorf("not read at once: %s", text)
		}
	}
}

// What is read at once is what reading one header after the other finds; what is not
// leaves nothing behind.
func FuzzPlain(f *testing.F) {
	for _, text := range plainFrames {
		data := unhex(f, text)
		for i := range data { // every header's every byte
			for _, with := range []byte{0x01, 0x0f, 0xf0, 0xff} {
				other := append([]byte(nil), data...)
				other[i] ^= with
				f.Add(other, len(other))
			}
			f.Add(data[:i], i)
			f.Add(data[:i], len(data))
		}
		f.Add(data, len(data))
	}
	equal := cmp.Options{cmpopts.EquateComparable(netip.Addr{}), cmpopts.EquateErrors()}
	f.Fuzz(func(t *testing.T, data []byte, length int) {
		data = data[:len(data):len(data)]
		p, stepwise := wholeFrame(data, length), wholeFrame(data, length)
		if stepwise.decodeOne(); p.plain() {
			if d := cmp.Diff(stepwise, p, equal); d != "" {
				t.Errorf("(-one after the other +at once)\n%s", d)
			}
		} else if d := cmp.Diff(wholeFrame(data, length), p, equal); d != "" {
			t.Errorf("set by what was not read at once:\n%s", d)
		}
	})
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
