package containertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"wirelab/lab/claim"
	"wirelab/lab/trace"
)

// describe is a verdict that is no pass, as a test prints it.
func describe(v claim.Verdict) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", v.ID, v.Status)
	if v.Reason != nil {
		fmt.Fprintf(&b, ": %s", v.Reason)
	}
	for _, part := range []struct {
		name  string
		lines []string
	}{{"expected", v.Expected}, {"observed", v.Observed}} {
		fmt.Fprintf(&b, "\n%s:", part.name)
		for _, line := range part.lines {
			fmt.Fprintf(&b, "\n\t%s", line)
		}
		if len(part.lines) == 0 {
			b.WriteString("\n\t(nothing)")
		}
	}
	return b.String()
}

// finish ends the capture, which tells only then whether the kernel has dropped
// something, and judges again. A test that failed leaves the capture where
// go test -artifacts keeps files.
func (w *Wire) finish() {
	ctx, cancel := context.WithTimeout(context.Background(), attachWithin)
	defer cancel()
	recording, err := w.lab.Finish(ctx)
	if err != nil {
		w.t.Error(err)
	}
	for _, v := range claim.Judge(recording, w.plan, w.claims) {
		if v.Status != claim.Pass {
			w.t.Error(describe(v))
		}
	}
	if w.t.Failed() {
		w.keep(recording)
	}
	if err := w.lab.Close(); err != nil {
		w.t.Error(err)
	}
}

func (w *Wire) keep(recording *trace.Recording) {
	path := filepath.Join(w.t.ArtifactDir(), "wire.pcapng")
	f, err := os.Create(path)
	if err == nil {
		err = errors.Join(recording.Write(f), f.Close())
	}
	if err != nil {
		w.t.Errorf("keep the capture: %v", err)
		return
	}
	w.t.Logf("the capture: %s (go test -artifacts keeps it)", path)
}
