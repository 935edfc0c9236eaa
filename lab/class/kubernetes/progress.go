package kubernetes

import (
	"context"
	"fmt"
	"time"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"wirelab/internal/i18n"
	"wirelab/internal/safetext"
	"wirelab/internal/self"
	"wirelab/lab/class"
	"wirelab/lab/class/pack"
)

// progress begins Jobs that may begin, and gives up jobs of which no Job will bring a
// result any more.
func (r *run) progress(ctx context.Context, c *collector) error {
	r.mu.Lock()
	obstacle, advice := r.obstacle, r.advice
	expired := !r.started && r.expired
	r.mu.Unlock()
	if expired {
		return &class.RefusedError{Err: &obstacleError{obstacle.Err(), advice}}
	}
	jobs := c.list()
	for _, j := range jobs {
		end := finished(j)
		if end == nil {
			continue
		}
		if end.Type == batch.JobFailed && end.Reason == batch.JobReasonPodFailurePolicy {
			return r.refusal(ctx, j)
		}
		if err := r.closeJob(ctx, j); err != nil {
			return err
		}
	}
	if r.Queue != "" {
		return nil // Kueue begins them
	}
	return r.activate(ctx, jobs)
}

// obstacleError says what keeps labs from starting, and what to do.
type obstacleError struct {
	error
	advice i18n.Message // lines for a shell; zero where nothing is known
}

func (e *obstacleError) Unwrap() error { return e.error }

// whole is the sentence with the advice behind it, for who is told no more.
func (e *obstacleError) whole() error {
	if e.advice.IsZero() {
		return e.error
	}
	return i18n.Errmsg("kubernetes.advised", "Said", e.error, "Advice", e.advice)
}

// activate lets as many Jobs run as there may be labs side by side, and divides these
// among them. The others wait, suspended.
func (r *run) activate(ctx context.Context, jobs []*batch.Job) error {
	var active, waiting []*batch.Job
	for _, j := range jobs {
		switch {
		case finished(j) != nil || r.nothingLeft(j):
		case r.begun[j.Name] || j.Spec.Suspend == nil || !*j.Spec.Suspend:
			active = append(active, j)
		default:
			waiting = append(waiting, j)
		}
	}
	side := min(r.labs(), len(active)+len(waiting))
	for i, j := range waiting {
		place := len(active) + i
		if place >= side {
			break
		}
		parallel := r.labs() / side
		if place < r.labs()%side {
			parallel++
		}
		patch := fmt.Sprintf(`{"spec":{"suspend":false,"parallelism":%d}}`, parallel)
		err := r.again(ctx, func(ctx context.Context) error {
			_, err := r.API.BatchV1().Jobs(r.Namespace).Patch(ctx, j.Name, types.MergePatchType, []byte(patch), meta.PatchOptions{})
			return err
		})
		if err != nil {
			return err
		}
		r.begun[j.Name] = true // the watch will say so, too
	}
	return nil
}

// nothingLeft reports whether every job of a Job has its result. It is asked whenever
// something has changed, and begins at the first that was left the last time: what is left
// only becomes less.
func (r *run) nothingLeft(j *batch.Job) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys, at := r.keys[j.Name], r.cursor[j.Name]
	for ; at < len(keys); at++ {
		if _, wanted := r.left[keys[at]]; wanted {
			break
		}
	}
	r.cursor[j.Name] = at
	return at == len(keys)
}

// closeJob takes what the pods of an ended Job have left, and gives up what has no result
// then: the watch may tell of the Job before it tells of its pods, so they are asked for.
func (r *run) closeJob(ctx context.Context, j *batch.Job) error {
	if r.closed[j.Name] || r.nothingLeft(j) {
		return nil
	}
	pods, err := r.podsOf(ctx, j)
	if err != nil {
		return err
	}
	for i := range pods {
		p := &pods[i]
		if !over(p) {
			return nil // a pod of it ends yet, and wakes us
		}
		if isHeld(p) {
			err := r.again(ctx, func(ctx context.Context) error { return r.take(ctx, p, lastTry) })
			if err != nil {
				return err
			}
		}
	}
	r.closed[j.Name] = true
	for _, key := range r.keys[j.Name] {
		r.mu.Lock()
		job, wanted := r.left[key]
		why, known := r.last[key]
		tries := r.failures[key]
		r.mu.Unlock()
		if !wanted {
			continue
		}
		if !known {
			why = i18n.Msg("kubernetes.attempt.none")
		}
		result := job.Of(class.Temporary, why.Err())
		result.Tries = max(1, tries)
		if err := r.give(job, result, nil); err != nil {
			return err
		}
	}
	return nil
}

// refusal is the error of a Job that a pod has failed because no lab can run there.
func (r *run) refusal(ctx context.Context, j *batch.Job) error {
	pods, err := r.podsOf(ctx, j)
	if err != nil {
		return err
	}
	for i := range pods {
		if t := terminated(&pods[i]); t != nil {
			if m, err := pack.Decode(t.Message); err == nil && m.Result.Status == class.Refused && m.Result.Reason != nil {
				return &class.RefusedError{Err: m.Result.Reason.Err()}
			}
		}
	}
	return &class.RefusedError{Err: i18n.Errmsg("kubernetes.refused", "Reason", finished(j).Message)}
}

func (r *run) podsOf(ctx context.Context, j *batch.Job) ([]core.Pod, error) {
	var pods []core.Pod
	err := r.again(ctx, func(ctx context.Context) error {
		list, err := r.API.CoreV1().Pods(r.Namespace).List(ctx, meta.ListOptions{LabelSelector: r.selector() + "," + batch.JobNameLabel + "=" + j.Name})
		if err == nil {
			pods = list.Items
		}
		return err
	})
	return pods, err
}

// startDeadline is how long an obstacle is waited upon before any lab has started: an image
// that is not there, a profile that the node lacks, a namespace that admits no such pod.
const startDeadline = 30 * time.Second

// look notes which labs run, and what keeps pods from starting.
func (r *run) look(p *core.Pod) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range p.Status.ContainerStatuses {
		if s.State.Running != nil && !over(p) && !r.runs[p.Name] {
			r.runs[p.Name] = true
			r.Engine.running.Add(1)
		}
		if s.State.Running != nil || s.State.Terminated != nil && p.Status.Phase == core.PodSucceeded {
			r.started = true
		}
		if w := s.State.Waiting; w != nil && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing" {
			r.hindered(i18n.Msg("kubernetes.waiting", "Reason", w.Reason, "Text", safetext.Escape(w.Message)), r.adviceFor(w.Reason))
		}
	}
	for _, condition := range p.Status.Conditions {
		if condition.Type == core.PodScheduled && condition.Status == core.ConditionFalse && condition.Reason == core.PodReasonUnschedulable && !r.said[condition.Reason] {
			r.said[condition.Reason] = true
			r.tell(i18n.Msg("kubernetes.unschedulable", "Text", safetext.Escape(condition.Message)))
		}
	}
}

// ended notes that a pod's lab runs no more.
func (r *run) ended(pod string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.runs[pod] {
		delete(r.runs, pod)
		r.Engine.running.Add(-1)
	}
}

// seeEvent notes that the Job controller may not make a pod.
func (r *run) seeEvent(e *core.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ours := r.keys[e.InvolvedObject.Name]; ours {
		r.hindered(i18n.Msg("kubernetes.forbidden", "Text", safetext.Escape(e.Message)), i18n.Message{})
	}
}

// hindered says once what keeps labs from starting. The caller holds mu.
func (r *run) hindered(why, advice i18n.Message) {
	if text := why.String(); !r.said[text] {
		r.said[text] = true
		r.tell(i18n.FromError((&obstacleError{why.Err(), advice}).whole()))
	}
	r.obstacle, r.advice = why, advice
	if !r.started && r.blocked == nil {
		r.blocked = time.AfterFunc(startDeadline, func() {
			r.mu.Lock()
			r.expired = true
			r.mu.Unlock()
			r.changed()
		})
	}
}

// unblock ends the wait for an obstacle.
func (r *run) unblock() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.blocked != nil {
		r.blocked.Stop()
	}
}

// adviceFor says what to do about a container that does not start.
func (r *run) adviceFor(reason string) i18n.Message {
	switch reason {
	case "CreateContainerError", "RunContainerError":
		if r.Seccomp != None {
			return r.profileAdvice()
		}
	case "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName":
		return i18n.Msg("kubernetes.advice.image")
	}
	return i18n.Message{}
}

// profileAdvice says how the seccomp profile comes to the nodes.
func (o Options) profileAdvice() i18n.Message {
	return i18n.Msg("kubernetes.advice.seccomp", "Image", self.Quote(o.Image))
}
