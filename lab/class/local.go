package class

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"wirelab/lab"
)

// Local carries jobs out on this machine, several side by side: most of what a lab takes
// is waiting. Each lab keeps to one CPU (lab/netns).
type Local struct {
	Backend lab.Backend
	Labs    int // side by side; 0 is DefaultLabs

	running atomic.Int32
}

// DefaultLabs are the labs side by side where no number is given: two on a CPU.
func DefaultLabs() int { return 2 * runtime.NumCPU() }

// MostLabs bounds the labs side by side: with more, ports and barriers miss their
// deadlines.
func MostLabs() int { return 4 * runtime.NumCPU() }

// localTries is how often a job is carried out that the machine was too busy for.
const localTries = 5

// Running implements Watcher.
func (l *Local) Running() int { return int(l.running.Load()) }

// Run implements Engine.
func (l *Local) Run(ctx context.Context, jobs []Job, done func(Job, Result, []File) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	width := l.Labs
	if width <= 0 {
		width = DefaultLabs()
	}
	width = min(width, MostLabs())
	queue := make(chan Job)
	var workers sync.WaitGroup
	var mu sync.Mutex
	for range width {
		workers.Go(func() {
			for job := range queue {
				r, files := l.carry(ctx, job)
				if ctx.Err() != nil {
					return // whether the result is the job's or the interruption's nobody knows
				}
				if r.Status == Refused {
					cancel(&RefusedError{r.Reason.Err()})
					return
				}
				mu.Lock()
				err := done(job, r, files)
				mu.Unlock()
				if err != nil {
					cancel(err)
				}
			}
		})
	}
feed:
	for _, job := range jobs {
		select {
		case queue <- job:
		case <-ctx.Done():
			break feed
		}
	}
	close(queue)
	workers.Wait()
	return context.Cause(ctx)
}

// carry carries a job out until it is done, or was tried often enough.
func (l *Local) carry(ctx context.Context, job Job) (Result, []File) {
	l.running.Add(1)
	defer l.running.Add(-1)
	for try := 1; ; try++ {
		r, files := Carry(ctx, l.Backend, job)
		r.Tries += try - 1
		if r.Status != Temporary || ctx.Err() != nil || try == localTries {
			return r, files
		}
	}
}
