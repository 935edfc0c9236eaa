package docker

import (
	"testing"
)

func TestOwnerDead(t *testing.T) {
	self := owner{"machine", "boot", "pid:[1]", 100, 1}
	startOf := func(pid int) (uint64, bool) { return 5, pid == 7 } // process 7 lives
	for _, tt := range []struct {
		name   string
		owner  owner
		remote bool
		want   bool
	}{
		{"lives", owner{"machine", "boot", "pid:[1]", 7, 5}, false, false},
		{"has ended", owner{"machine", "boot", "pid:[1]", 8, 5}, false, true},
		{"its id was given to another", owner{"machine", "boot", "pid:[1]", 7, 4}, false, true},
		{"before the last boot", owner{"machine", "older", "pid:[1]", 7, 5}, false, true},
		{"on a clone of this machine, of a daemon elsewhere", owner{"machine", "older", "pid:[1]", 7, 5}, true, false},
		{"in a namespace that is not ours to see", owner{"machine", "boot", "pid:[2]", 8, 5}, false, false},
		{"on another machine", owner{"other", "older", "pid:[1]", 8, 5}, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := parseOwner(tt.owner.String())
			if !ok || got != tt.owner {
				t.Fatalf("parseOwner(%q) = %v, %v", tt.owner, got, ok)
			}
			if got := tt.owner.dead(self, !tt.remote, startOf); got != tt.want {
				t.Errorf("dead = %v, want %v", got, tt.want)
			}
			if tt.owner.dead(owner{boot: "boot"}, true, startOf) {
				t.Error("dead, to a process that does not know its own machine")
			}
		})
	}
}

func FuzzParseOwner(f *testing.F) {
	f.Add("machine/boot/pid:[4026531836]/7/5")
	f.Add("////")
	f.Add("m/b/n/-1/5")
	f.Fuzz(func(t *testing.T, s string) {
		if o, ok := parseOwner(s); ok && o.String() != s {
			t.Errorf("parseOwner(%q).String() = %q", s, o)
		}
	})
}
