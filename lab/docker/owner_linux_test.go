package docker

import (
	"os"
	"os/exec"
	"testing"
)

func TestStartTime(t *testing.T) {
	self, err := thisProcess()
	if err != nil {
		t.Fatal(err)
	}
	if start, ok := startTime(os.Getpid()); !ok || start != self.start {
		t.Errorf("startTime(self) = %d, %v; want %d", start, ok, self.start)
	}
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if start, ok := startTime(cmd.Process.Pid); ok {
		t.Errorf("startTime of a process that has ended = %d", start)
	}
}

func TestParseStat(t *testing.T) {
	const rest = " 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20"
	for _, tt := range []struct {
		name, stat string
		want       uint64
		ok         bool
	}{
		{"plain", "7 (chat) S" + rest, 4242, true},
		{"a name with spaces and parentheses", "7 (a) b (c) S" + rest, 4242, true},
		{"zombie", "7 (chat) Z" + rest, 0, false},
		{"short", "7 (chat) S 1 2", 0, false},
		{"empty", "", 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := parseStat([]byte(tt.stat)); got != tt.want || ok != tt.ok {
				t.Errorf("got %d, %v; want %d, %v", got, ok, tt.want, tt.ok)
			}
		})
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("7 (chat) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20"))
	f.Add([]byte("7 (chat) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 99999999999999999999 20"))
	f.Fuzz(func(t *testing.T, stat []byte) {
		if start, ok := parseStat(stat); !ok && start != 0 {
			t.Errorf("%d and not ok", start)
		}
	})
}
