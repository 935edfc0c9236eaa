package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/lab/class"
	"wirelab/lab/class/pack"
)

// lastTry is the number of failed tries after which a result is stored without its log.
const lastTry = 5

// take stores what a pod has left and lets the pod go. An error says that it was not
// possible now; tries counts those before.
func (r *run) take(ctx context.Context, p *core.Pod, tries int) error {
	r.ended(p.Name)
	job, wanted := r.jobOf(p)
	if wanted {
		if err := r.read(ctx, job, p, tries); err != nil {
			return err
		}
	}
	return r.release(ctx, p)
}

// jobOf returns the job of a pod; false where it needs no result: it has one, or was
// changed since.
func (r *run) jobOf(p *core.Pod) (class.Job, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := r.keys[p.Labels[batch.JobNameLabel]]
	i, err := strconv.Atoi(p.Annotations[batch.JobCompletionIndexAnnotation])
	if err != nil || i < 0 || i >= len(keys) {
		return class.Job{}, false
	}
	job, wanted := r.left[keys[i]]
	return job, wanted
}

// read delivers the result of a job's pod, or notes why it has none.
func (r *run) read(ctx context.Context, job class.Job, p *core.Pod, tries int) error {
	t := terminated(p)
	if t == nil {
		r.failedAttempt(job, p, i18n.Msg("kubernetes.attempt.pod", "Reason", reasonOf(p)))
		return nil
	}
	m, err := pack.Decode(t.Message)
	switch {
	case t.ExitCode != exit.OK && err == nil && m.Result.Reason != nil:
		r.failedAttempt(job, p, *m.Result.Reason)
		return nil
	case t.ExitCode != exit.OK:
		r.failedAttempt(job, p, i18n.Msg("kubernetes.attempt.exit", "Code", t.ExitCode, "Reason", reasonOf(p)))
		return nil
	case err != nil:
		r.failedAttempt(job, p, i18n.Msg("kubernetes.attempt.message", "Cause", i18n.FromError(err)))
		return nil
	}
	var files []class.File
	if !r.NoCaptures && (job.Kind != class.Capture || m.Whole != "") {
		if files, err = r.log(ctx, p); err != nil {
			if unanswered(err) || tries < lastTry && !apierrors.IsNotFound(err) && !unreadable(err) {
				return err
			}
			note := i18n.Msg("kubernetes.lost", "Cause", i18n.FromError(err))
			m.Result.Note = &note
		}
	}
	result, err := m.Complete(files)
	if err != nil {
		r.failedAttempt(job, p, i18n.Msg("kubernetes.attempt.message", "Cause", i18n.FromError(err)))
		return nil
	}
	if m.Result.Note != nil {
		result.Note = m.Result.Note
	}
	// Where a container was removed already, kubelet's log is a sentence that says so.
	if !r.NoCaptures && job.Kind != class.Capture && result.Run != nil && result.Note == nil && len(files) == 0 {
		note := i18n.Msg("kubernetes.lost", "Cause", i18n.Msg("kubernetes.nolog"))
		result.Note = &note
	}
	if job.Kind == class.Capture { // which is here already
		if whole, err := job.Whole(); err == nil {
			files = []class.File{{Name: job.CaptureName(), Data: whole.Submission}}
		}
	}
	r.mu.Lock()
	result.Tries += r.failures[job.Key()]
	result.Busy += r.failures[job.Key()]
	r.mu.Unlock()
	result.Place = "kubernetes"
	if p.Spec.NodeName != "" {
		result.Place += "/" + p.Spec.NodeName
	}
	return r.give(job, result, files)
}

// give delivers a result, the first of a job alone.
func (r *run) give(job class.Job, result class.Result, files []class.File) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, wanted := r.left[job.Key()]; !wanted {
		return nil
	}
	if err := r.deliver(job, result.Bind(job), files); err != nil {
		r.stop(err)
		return err
	}
	delete(r.left, job.Key())
	delete(r.last, job.Key())
	return nil
}

// failedAttempt notes why an attempt has brought no result.
func (r *run) failedAttempt(job class.Job, p *core.Pod, why i18n.Message) {
	r.mu.Lock()
	r.last[job.Key()] = why
	first := !r.said[p.Name]
	r.said[p.Name] = true
	if first {
		r.failures[job.Key()]++
	}
	r.mu.Unlock()
	if first {
		r.tell(i18n.Msg("kubernetes.attempt.failed", "Student", job.Student, "Experiment", job.Experiment, "Reason", why))
	}
}

// terminated is how the lab's container has ended, nil if that is not known.
func terminated(p *core.Pod) *core.ContainerStateTerminated {
	for _, s := range p.Status.ContainerStatuses {
		if s.Name == containerName {
			return s.State.Terminated
		}
	}
	return nil
}

// reasonOf says in Kubernetes' words why a pod has ended: OOMKilled, Evicted …
func reasonOf(p *core.Pod) string {
	reason, text := p.Status.Reason, p.Status.Message
	if t := terminated(p); t != nil && t.Reason != "" && reason == "" {
		reason = t.Reason
	}
	for _, condition := range p.Status.Conditions {
		if condition.Type == core.DisruptionTarget && condition.Status == core.ConditionTrue {
			reason, text = condition.Reason, condition.Message
		}
	}
	if p.DeletionTimestamp != nil && reason == "" {
		reason = "Deleted"
	}
	if text != "" {
		return fmt.Sprintf("%s: %.300s", reason, text)
	}
	return reason
}

// errUnreadable wraps what reading the log again does not change.
type errUnreadable struct{ error }

func unreadable(err error) bool { _, ok := errors.AsType[errUnreadable](err); return ok }

// logDeadline bounds how long a log may take: a node that is lost may leave a connection
// open and say nothing.
const logDeadline = time.Minute

// log reads the files in a pod's log.
func (r *run) log(ctx context.Context, p *core.Pod) ([]class.File, error) {
	ctx, cancel := context.WithTimeout(ctx, logDeadline)
	defer cancel()
	limit := int64(pack.MaxLog + 1<<20) // other lines than ours
	stream, err := r.API.CoreV1().Pods(r.Namespace).GetLogs(p.Name, &core.PodLogOptions{Container: containerName, LimitBytes: &limit}).Stream(ctx)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	broken := &breaking{Reader: stream}
	files, err := pack.ReadLog(broken) // of which it reads no more
	switch {
	case broken.err != nil:
		return nil, broken.err
	case err != nil:
		return nil, errUnreadable{err}
	}
	return files, nil
}

// breaking notes how a stream has broken off: reading it again may help then.
type breaking struct {
	io.Reader
	err error
}

func (b *breaking) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}

// unanswered reports whether the API server is away: it will have the log when it is back.
func unanswered(err error) bool {
	var status apierrors.APIStatus
	return !errors.As(err, &status) && !errors.Is(err, context.DeadlineExceeded) && !unreadable(err)
}

// release takes the finalizer off a pod.
func (e *Engine) release(ctx context.Context, p *core.Pod) error {
	if !isHeld(p) {
		return nil
	}
	patch := fmt.Sprintf(`{"metadata":{"$deleteFromPrimitiveList/finalizers":[%q]}}`, finalizer)
	_, err := e.API.CoreV1().Pods(e.Namespace).Patch(ctx, p.Name, types.StrategicMergePatchType, []byte(patch), meta.PatchOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
