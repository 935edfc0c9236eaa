package labtest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"wirelab/internal/wholefile"
	"wirelab/lab/claim"
	"wirelab/lab/trace"
)

// finish ends the capture, which tells only then whether the kernel has dropped
// something, and judges again. A test that failed for a reason of its own prints what was on
// the wire, and any leaves the capture where go test -artifacts keeps files.
func (l *Lab) finish() {
	ctx, cancel := context.WithTimeout(context.Background(), upWithin)
	defer cancel()
	recording, err := l.lab.Finish(ctx)
	if err != nil {
		l.t.Error(err)
	}
	for _, m := range l.met {
		if v := claim.Judge(recording, m.plan, []claim.Claim{m.claim})[0]; v.Status != claim.Pass {
			l.tell(v, describe(recording, m.plan, m.claim, v))
		}
	}
	if l.t.Failed() {
		if said := latest(recording, l.plan); said != "" && !l.told {
			l.t.Log(said)
		}
		l.keep(recording)
	}
	if err := l.lab.Close(); err != nil {
		l.t.Error(err)
	}
}

// kept is the path at which the capture of a test that failed is kept; "" where go test
// keeps nothing. Another lab of the test has another.
func (l *Lab) kept() string {
	if f := flag.Lookup("test.artifacts"); l.path != "" || f != nil && f.Value.String() == "false" {
		return l.path
	}
	dir := l.t.ArtifactDir()
	for n := 1; ; n++ {
		name := "wire.pcapng"
		if n > 1 {
			name = fmt.Sprintf("wire-%d.pcapng", n)
		}
		path := filepath.Join(dir, name)
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err == nil {
			err = f.Close()
		}
		if err != nil {
			l.t.Logf("keep the capture: %v", err)
			return ""
		}
		l.path = path
		return path
	}
}

func (l *Lab) keep(recording *trace.Recording) {
	path := l.kept()
	if path == "" {
		l.t.Log("go test -artifacts keeps the capture of a test that fails")
		return
	}
	err := wholefile.Write(path, func(w io.Writer) error { return recording.WriteCommented(w, l.comments) })
	if err != nil {
		l.t.Errorf("keep the capture: %v", err)
		return
	}
	l.t.Logf("the capture: %s", path)
}
