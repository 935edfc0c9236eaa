package class

import (
	"context"
	"runtime"
	"sync"

	"wirelab/lab"
)

// Local carries jobs out on this machine, several side by side: most of what a lab takes
// is waiting. Each lab keeps to one CPU (lab/netns).
type Local struct {
	backend lab.Backend
	pace    *pace
}

// NewLocal returns an engine that runs up to so many labs at once; 0 is twice the CPUs,
// and four times the CPUs are the most: with more, ports and barriers miss their
// deadlines.
func NewLocal(backend lab.Backend, labs int) *Local {
	if labs <= 0 {
		labs = 2 * runtime.NumCPU()
	}
	return &Local{backend: backend, pace: newPace(min(labs, MostLabs()))}
}

// MostLabs bounds the labs at once.
func MostLabs() int { return 4 * runtime.NumCPU() }

// localTries is how often a job is carried out that the machine was too busy for.
const localTries = 5

// Running implements Watcher.
func (l *Local) Running() int { return l.pace.now() }

// Run implements Engine.
func (l *Local) Run(ctx context.Context, jobs []Job, done func(Job, Result, []File) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	end := func(job Job, r Result, files []File) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case ctx.Err() != nil: // nobody knows whether the result is the job's or the interruption's
		case r.Status == Refused:
			cancel(&RefusedError{r.Reason.Err()})
		default:
			if err := done(job, r, files); err != nil {
				cancel(err)
			}
		}
	}
	queue := make(chan Job)
	var workers sync.WaitGroup
	for range l.pace.most {
		workers.Go(func() {
			for job := range queue {
				r, files := l.carry(ctx, job)
				end(job, r, files)
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
	tries, busy := 0, 0
	for {
		if err := l.pace.enter(ctx); err != nil {
			return job.Of(Temporary, err), nil
		}
		r, files := Carry(ctx, l.backend, job)
		l.pace.leave(r.Status == Temporary)
		if r.Status == Temporary {
			busy++
		}
		tries += r.Tries
		r.Tries, r.Busy = tries, busy
		if r.Status != Temporary || ctx.Err() != nil || tries >= localTries {
			return r, files
		}
	}
}
