package exit

import (
	"errors"
	"fmt"
	"testing"
)

func TestCode(t *testing.T) {
	broken := errors.New("broken")
	for _, test := range []struct {
		err  error
		want int
	}{
		{nil, OK},
		{broken, Failed},
		{With(Unable, broken), Unable},
		{fmt.Errorf("while running: %w", With(Unable, broken)), Unable},
		{UsageMsg("usage.flag.form", "Flag", "x"), Usage},
		{UnableMsg("usage.flag.form", "Flag", "x"), Unable},
		{FailedMsg("usage.flag.form", "Flag", "x"), Failed},
		{Silent(Inconclusive), Inconclusive},
		{Silent(OK), OK},
		{With(Unable, nil), OK},
	} {
		if got := Code(test.err); got != test.want {
			t.Errorf("%v: exit code %d, want %d", test.err, got, test.want)
		}
	}
	if !errors.Is(With(Unable, broken), broken) {
		t.Error("With hides the error")
	}
}
