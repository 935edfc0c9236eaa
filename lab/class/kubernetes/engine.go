package kubernetes

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	k8s "k8s.io/client-go/kubernetes"

	"wirelab/internal/i18n"
	"wirelab/lab/class"
)

// Engine carries jobs out on a cluster. It is used for one run at a time.
type Engine struct {
	API k8s.Interface
	Options

	running atomic.Int32
}

var _ class.Engine = (*Engine)(nil)
var _ class.Watcher = (*Engine)(nil)

// Running implements class.Watcher: labs whose container runs.
func (e *Engine) Running() int { return int(e.running.Load()) }

// Run implements class.Engine. It takes up what an earlier run with the same id has left
// on the cluster. A run that is interrupted goes on there, and Run may be called again to
// collect; Cancel ends it. A run that ends leaves nothing on the cluster.
func (e *Engine) Run(ctx context.Context, jobs []class.Job, done func(class.Job, class.Result, []class.File) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r := &run{
		Engine: e, stop: stop, deliver: done,
		left: map[string]class.Job{}, keys: map[string][]string{}, cursor: map[string]int{}, last: map[string]i18n.Message{}, failures: map[string]int{}, said: map[string]bool{},
		runs: map[string]bool{}, begun: map[string]bool{}, closed: map[string]bool{}, wake: make(chan struct{}, 1),
	}
	for _, job := range jobs {
		r.left[job.Key()] = job
	}
	err := r.carryOut(ctx)
	e.running.Store(0)
	refused, isRefused := errors.AsType[*class.RefusedError](err)
	switch {
	case err == nil, isRefused:
		if gone := e.Cancel(context.WithoutCancel(ctx)); gone != nil {
			err = errors.Join(err, gone)
			if isRefused {
				err = refused
				e.tell(i18n.Msg("kubernetes.remains", "Cause", i18n.FromError(gone)))
			}
		}
		return err
	case context.Cause(ctx) != nil:
		e.tell(i18n.Msg("kubernetes.goeson"))
		return context.Cause(ctx)
	}
	return err
}

// run is one call of Engine.Run.
type run struct {
	*Engine
	stop    context.CancelCauseFunc
	deliver func(class.Job, class.Result, []class.File) error

	wake   chan struct{}   // has an element when something has changed
	begun  map[string]bool // Jobs that were let run, by name; of carryOut alone
	closed map[string]bool // Jobs that bring nothing more; of carryOut alone

	mu       sync.Mutex
	left     map[string]class.Job    // by key, those without a result
	keys     map[string][]string     // of each Job, by index
	cursor   map[string]int          // of each Job, the first index that may be left
	last     map[string]i18n.Message // by key, why the last attempt failed
	failures map[string]int          // by key, attempts that brought no result
	said     map[string]bool
	runs     map[string]bool // pods whose container runs
	started  bool            // some lab has started
	obstacle i18n.Message    // why none does
	advice   i18n.Message    // what to do about it
	blocked  *time.Timer     // since an obstacle is known
	expired  bool            // blocked's time is over
}

// carryOut submits what is not on the cluster yet, and collects until all have a result.
func (r *run) carryOut(ctx context.Context) error {
	var namespace *core.Namespace
	err := r.again(ctx, func(ctx context.Context) (err error) {
		namespace, err = r.namespace(ctx, r.API)
		return err
	})
	if err != nil {
		return err
	}
	if err := r.admits(namespace); err != nil {
		return err
	}
	if err := r.adopt(ctx); err != nil {
		return err
	}
	c, err := r.collect(ctx)
	if err != nil {
		return err
	}
	defer c.close()
	if err := r.submitLeft(ctx, c); err != nil {
		return err
	}
	defer r.unblock()
	for {
		if err := r.progress(ctx, c); err != nil {
			return err
		}
		r.mu.Lock()
		left := len(r.left)
		r.mu.Unlock()
		if left == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-r.wake:
		}
	}
}

// changed has carryOut look again.
func (r *run) changed() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// adopt finds which jobs an earlier run has submitted.
func (r *run) adopt(ctx context.Context) error {
	var jobs *batch.JobList
	err := r.again(ctx, func(ctx context.Context) (err error) {
		jobs, err = r.API.BatchV1().Jobs(r.Namespace).List(ctx, meta.ListOptions{LabelSelector: r.selector()})
		return err
	})
	if err != nil {
		return err
	}
	for _, j := range jobs.Items {
		var m *core.ConfigMap
		err := r.again(ctx, func(ctx context.Context) (err error) {
			m, err = r.API.CoreV1().ConfigMaps(r.Namespace).Get(ctx, j.Name, meta.GetOptions{})
			if apierrors.IsNotFound(err) {
				m, err = nil, nil
			}
			return err
		})
		if err != nil {
			return err
		}
		if m == nil {
			continue // a Job without its jobs can start none: what it held is submitted again
		}
		r.keys[j.Name] = keysOf(m)
	}
	if len(jobs.Items) > 0 {
		r.tell(i18n.Msg("kubernetes.takenup", "Count", len(jobs.Items)))
	}
	return nil
}

// submitLeft submits the jobs that have neither a result nor a Job that works on them.
func (r *run) submitLeft(ctx context.Context, c *collector) error {
	busy := map[string]bool{}
	for _, j := range c.list() {
		if finished(j) != nil {
			continue
		}
		failed := failedIndexes(j)
		for i, key := range r.keys[j.Name] {
			if !failed[i] { // another Job may have given it up, and this one have it since
				busy[key] = true
			}
		}
	}
	r.mu.Lock()
	var jobs []class.Job
	for key, job := range r.left {
		if !busy[key] {
			jobs = append(jobs, job)
		}
	}
	r.mu.Unlock()
	if len(jobs) == 0 {
		return nil
	}
	sortByKey(jobs)
	policy := r.networkPolicy()
	err := r.again(ctx, func(ctx context.Context) error {
		_, err := r.API.NetworkingV1().NetworkPolicies(r.Namespace).Create(ctx, policy, meta.CreateOptions{})
		return made(err)
	})
	if err != nil {
		return err
	}
	refuse := func(job class.Job, err error) error { return r.give(job, job.Of(class.Temporary, err), nil) }
	return r.shards(jobs, refuse, func(s shard) error { return r.submit(ctx, s) })
}

// submit makes a shard's ConfigMap and Job.
func (r *run) submit(ctx context.Context, s shard) error {
	r.mu.Lock()
	r.keys[s.name] = s.keys
	r.mu.Unlock()
	return r.again(ctx, func(ctx context.Context) error {
		if _, err := r.API.CoreV1().ConfigMaps(r.Namespace).Create(ctx, r.configMap(s), meta.CreateOptions{}); made(err) != nil {
			return err
		}
		_, err := r.API.BatchV1().Jobs(r.Namespace).Create(ctx, r.job(s), meta.CreateOptions{})
		return made(err)
	})
}

// made is nil where a thing is there already: an answer was lost, and it was asked for again.
func made(err error) error {
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// patience is how long an API server may be away, as while it is upgraded.
const patience = 2 * time.Minute

// doubt is how long a refusal is not believed: an API server that has just started refuses
// what the roles allow until it has read them.
const doubt = 5 * time.Second

// again repeats what an API server that is away or busy has not answered.
func (r *run) again(ctx context.Context, ask func(context.Context) error) error {
	var last error
	backoff := wait.Backoff{Duration: 200 * time.Millisecond, Factor: 1.5, Jitter: 0.2, Steps: 100, Cap: 5 * time.Second}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var refused time.Time // first
	err := wait.ExponentialBackoffWithContext(ctx, backoff, func(ctx context.Context) (bool, error) {
		last = ask(ctx)
		if apierrors.IsForbidden(last) {
			if refused.IsZero() {
				refused = time.Now()
			}
			if time.Since(refused) < doubt {
				return false, nil
			}
		}
		if last != nil && !temporary(last) {
			return false, last
		}
		if last != nil {
			r.sayAway(last)
		}
		return last == nil, nil
	})
	if err != nil && last != nil {
		return r.told(last)
	}
	return err
}

// sayAway says (once in a run) that the API server does not answer and that the run waits for it.
func (r *run) sayAway(err error) {
	if !unanswered(err) {
		return
	}
	const what = "away"
	r.mu.Lock()
	first := !r.said[what]
	r.said[what] = true
	r.mu.Unlock()
	if first {
		r.tell(i18n.Msg("kubernetes.away", "Cause", i18n.FromError(err), "Minutes", int(patience.Minutes())))
	}
}

// temporary reports whether asking again may help.
func temporary(err error) bool {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		code := status.Status().Code
		return code == 429 || code >= 500 || apierrors.IsConflict(err) // somebody has changed it just now
	}
	return true // no answer at all
}
