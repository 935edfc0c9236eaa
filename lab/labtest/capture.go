package labtest

import (
	"io"

	"wirelab/lab/trace"
)

// WriteCapture writes what was captured so far to w, as a pcapng file with the names of
// the hosts. Everything that was sent before the last Settle is in it. Package gopackets
// reads such a file with gopacket.
func (l *Lab) WriteCapture(w io.Writer) {
	l.t.Helper()
	var err error
	l.lab.View(func(r *trace.Recording) { err = r.Write(w) })
	if err != nil {
		l.t.Fatalf("write the capture: %v", err)
	}
}
