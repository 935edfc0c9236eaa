package class

import "context"

// Engine carries jobs out.
type Engine interface {
	// Run carries out every job and calls done for each that has come to an end, with
	// its result and the files that it brings; from several goroutines, one at a time.
	// A job whose result is Temporary was given up after several tries. Of a job that
	// Run did not come to, as it was interrupted, done is not called.
	//
	// Run returns when nothing of it runs any more. The error is that of a ctx that
	// ended, of a place that refuses every job (a *RefusedError), or of done.
	Run(ctx context.Context, jobs []Job, done func(Job, Result, []File) error) error
}

// Watcher is an Engine that says how many jobs it is carrying out.
type Watcher interface {
	// Running may be called at any time, from any goroutine.
	Running() int
}

// RefusedError says that a place lets no lab run: what one job was told, all would be.
type RefusedError struct{ Err error }

func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap returns why.
func (e *RefusedError) Unwrap() error { return e.Err }
