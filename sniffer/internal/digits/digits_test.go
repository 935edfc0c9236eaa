package digits

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
)

func TestAppendUint(t *testing.T) {
	check := func(n uint64) {
		t.Helper()
		if got, want := string(AppendUint([]byte("x"), n)), "x"+strconv.FormatUint(n, 10); got != want {
			t.Fatalf("AppendUint(%d) = %s", n, got)
		}
	}
	// All that eight digits can go wrong in: each of its three divisions.
	for n := range uint64(10000) {
		check(n)
		check(n * 10000)
		check(n*10000 + n)
	}
	for n := uint64(1); n < math.MaxUint64/10; n *= 10 {
		check(n - 1)
		check(n)
		check(n + 1)
	}
	check(math.MaxUint64)
	random := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		check(random.Uint64() >> random.IntN(64))
	}
}

func TestAppendHex(t *testing.T) {
	b := make([]byte, 300)
	for i := range b {
		b[i] = byte(i)
	}
	for n := range len(b) {
		for _, dst := range [][]byte{nil, []byte("x"), make([]byte, 1, 1000)} {
			if got, want := string(AppendHex(dst, b[n:])), string(dst)+hex.EncodeToString(b[n:]); got != want {
				t.Fatalf("AppendHex of %d bytes = %s, want %s", len(b)-n, got, want)
			}
		}
	}
}

func TestAppendHexUint16(t *testing.T) {
	for n := range 1 << 16 {
		if got, want := string(AppendHexUint16([]byte("x"), uint16(n))), "x"+strconv.FormatUint(uint64(n), 16); got != want {
			t.Fatalf("AppendHexUint16(%d) = %s", n, got)
		}
	}
}

func TestAppendByte(t *testing.T) {
	for i := range 256 {
		if got := string(AppendByte(nil, byte(i))); got != strconv.Itoa(i) {
			t.Fatalf("AppendByte(%d) = %s", i, got)
		}
	}
}

var numbers = []uint64{443, 30001, 1525770836, 5023, 999_999, 12, 502, 64, 1041}

func BenchmarkAppendUint(b *testing.B) {
	for name, appendUint := range map[string]func([]byte, uint64) []byte{
		"digits":  AppendUint,
		"strconv": func(dst []byte, n uint64) []byte { return strconv.AppendUint(dst, n, 10) },
	} {
		b.Run(name, func(b *testing.B) {
			var dst []byte
			for b.Loop() {
				dst = dst[:0]
				for _, n := range numbers {
					dst = appendUint(dst, n)
				}
			}
		})
	}
}

func BenchmarkAppendHex(b *testing.B) {
	src := make([]byte, 274)
	for name, appendHex := range map[string]func(dst, b []byte) []byte{"digits": AppendHex, "hex": hex.AppendEncode} {
		b.Run(name, func(b *testing.B) {
			var dst []byte
			for b.Loop() {
				dst = appendHex(dst[:0], src)
			}
		})
	}
}

func TestAppendPadded(t *testing.T) {
	for n := range uint32(1_000_000) {
		n *= 97
		for width := 8; width > 0 && n < uint32(math.Pow10(width)); width-- {
			if got, want := string(AppendPadded([]byte("x"), n, width)), fmt.Sprintf("x%0*d", width, n); got != want {
				t.Fatalf("%q, want %q", got, want)
			}
		}
	}
}
