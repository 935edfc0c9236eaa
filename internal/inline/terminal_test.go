package inline

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestJudge(t *testing.T) {
	before := Size{80, 24}
	tests := []struct {
		name   string
		before Size
		seen   []Size
		want   Change
		ok     bool
	}{
		{"the first to attach", Size{}, []Size{{101, 31}, {100, 30}}, Change{Size{100, 30}, true}, true},
		{"the first, seen late", Size{}, []Size{{100, 30}}, Change{Size{100, 30}, true}, true},
		{"another", before, []Size{{101, 31}, {100, 30}}, Change{Size{100, 30}, true}, true},
		{"the same size", before, []Size{{81, 25}, {80, 24}}, Change{Size{80, 24}, true}, true},
		{"the same size, seen late", before, []Size{{80, 24}, {80, 24}}, Change{Size{80, 24}, true}, true},
		{"in two series", Size{101, 31}, []Size{{100, 30}}, Change{Size{100, 30}, true}, true},
		{"a window is drawn larger", before, []Size{{81, 24}, {90, 24}}, Change{Size{90, 24}, false}, true},
		{"no size", Size{}, []Size{{}}, Change{}, false},
		{"nothing", before, nil, Change{}, false},
	}
	for _, tt := range tests {
		got, ok := judge(tt.before, tt.seen)
		if !ok {
			got = Change{}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || ok != tt.ok {
			t.Errorf("%s: %v (-want +got)\n%s", tt.name, ok, diff)
		}
	}
}
