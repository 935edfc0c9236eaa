package statistics

import "time"

// maxSteps bounds the steps of a Rate.
const maxSteps = 1 << 12

// Rate counts frames over time, in steps that grow with the time that they cover. The
// zero value is empty.
type Rate struct {
	Start time.Time     // of the first step
	Step  time.Duration // a millisecond, or a power of two of it
	Steps []uint64      // frames in each
	Out   uint64        // frames without a time, from before Start, or too far from it
}

// maxSpan is how far from the first frame one may be: a capture of ten years.
const maxSpan = 10 * 365 * 24 * time.Hour

func (r *Rate) add(at time.Time) {
	if r.Step == 0 && !at.IsZero() {
		r.Step, r.Start = time.Millisecond, at
	}
	since := at.Sub(r.Start)
	if at.IsZero() || since < 0 || since > maxSpan {
		r.Out++
		return
	}
	for since/r.Step >= maxSteps {
		r.widen()
	}
	n := int(since / r.Step)
	for len(r.Steps) <= n {
		r.Steps = append(r.Steps, 0)
	}
	r.Steps[n]++
}

// widen makes one step of two.
func (r *Rate) widen() {
	for i := range r.Steps {
		if i%2 == 0 {
			r.Steps[i/2] = r.Steps[i]
		} else {
			r.Steps[i/2] += r.Steps[i]
		}
	}
	r.Steps = r.Steps[:(len(r.Steps)+1)/2]
	r.Step *= 2
}

// Fit returns a copy with at most so many steps.
func (r Rate) Fit(steps int) Rate {
	r.Steps = append([]uint64(nil), r.Steps...)
	for len(r.Steps) > steps {
		r.widen()
	}
	return r
}

// Most returns the most frames in a step.
func (r Rate) Most() (most uint64) {
	for _, n := range r.Steps {
		most = max(most, n)
	}
	return most
}
