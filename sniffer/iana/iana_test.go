package iana

import (
	"encoding/csv"
	"os"
	"strconv"
	"strings"
	"testing"
)

// protocols.go is what protocol-numbers.csv says.
func TestProtocol(t *testing.T) {
	f, err := os.Open("protocol-numbers.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[uint8]bool{}
	for _, row := range rows[1:] {
		from, to, isRange := strings.Cut(row[0], "-")
		if !isRange {
			to = from
		}
		a, errA := strconv.ParseUint(from, 10, 8)
		b, errB := strconv.ParseUint(to, 10, 8)
		if errA != nil || errB != nil {
			t.Fatalf("row %q", row)
		}
		for n := a; n <= b; n++ {
			got := Protocol(uint8(n))
			want := strings.TrimSuffix(row[1], " (deprecated)")
			switch {
			case row[2] == "Unassigned":
				want = ""
			case want == "":
				want = row[2]
			}
			if got != want && !seen[uint8(n)] {
				t.Errorf("%d is %q, want %q", n, got, want)
			}
			seen[uint8(n)] = true
		}
	}
	if len(seen) != 256 {
		t.Errorf("the registry has %d of 256 numbers", len(seen))
	}
}
