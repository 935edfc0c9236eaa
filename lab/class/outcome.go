package class

import (
	"bytes"

	"wirelab/lab/script"
)

// Outcome reads the capture of a stored result back, with the verdicts that were reached:
// for its picture. Nothing is judged again.
func (c *Course) Outcome(job Job, r Result) (*script.Outcome, error) {
	e, err := job.parse([]byte(job.Source))
	if err != nil {
		return nil, err
	}
	capture, err := readBounded(c.CapturePath(job), MaxCapture)
	if err != nil {
		return nil, err
	}
	recording := e.NewRecording(nil)
	if err := recording.Load(bytes.NewReader(capture), nil); err != nil {
		return nil, err
	}
	return &script.Outcome{Experiment: e, Recording: recording, Verdicts: r.Claims()}, nil
}
