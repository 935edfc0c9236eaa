package script

import (
	"errors"
	"strings"
	"testing"

	"wirelab/internal/lang"
	"wirelab/lab"
)

// Who meant a command to fail is told how to write that; who meant another thing is not.
func TestFailedTellsHowToExpectIt(t *testing.T) {
	exited := &lab.ExitError{Command: "client1: ping x", Code: 1}
	step := func(verb string) Step { return Step{Verb: verb, Host: "client1", Args: []string{"ping", "x"}} }
	for name, test := range map[string]struct {
		err  error
		told bool
	}{
		"run":            {&StepError{"mine", step("run"), exited}, true},
		"close":          {&StepError{"mine", step("close"), exited}, true},
		"await":          {&StepError{"mine", step("await"), exited}, false},
		"another cause":  {&StepError{"mine", step("run"), errors.New("no such program")}, false},
		"not in a step":  {exited, false},
		"no error of it": {errors.New("the lab was not up"), false},
	} {
		for _, l := range lang.All() {
			said := failed(test.err).In(l)
			if name != "not in a step" && name != "no error of it" && !strings.HasPrefix(said, "mine.txtar:0: ") {
				t.Errorf("%s: %q does not begin with the place", name, said)
			}
			if strings.Contains(said, "? run") != (test.told && name == "run") || strings.Contains(said, "? close") != (test.told && name == "close") {
				t.Errorf("%s: %q", name, said)
			}
		}
	}
}
