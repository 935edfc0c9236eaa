package wire

import (
	"testing"

	"wirelab/lab/fault"
)

// A report that was handed out is encoded while the next one is gathered.
func TestFaultsAreACopy(t *testing.T) {
	w := &Wire{}
	w.cables.rules = []fault.Status{{Rule: fault.Rule{Name: "loss"}}}
	was, err := w.Faults(0)
	if err != nil {
		t.Fatal(err)
	}
	w.cables.keep(fault.Report{Rules: []fault.Status{{Rule: fault.Rule{Name: "loss"}, Mended: true}}})
	if len(was.Rules) != 1 || was.Rules[0].Mended {
		t.Errorf("a report changes after it was handed out: %+v", was.Rules)
	}
}
