package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"wirelab/internal/i18n"
)

// cancelDeadline bounds how long a run's objects may take to go.
const cancelDeadline = 3 * time.Minute

// Cancel ends a run and removes all that it has on the cluster; of a run that has nothing
// there it does nothing. What was not collected is lost.
func (e *Engine) Cancel(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, cancelDeadline)
	defer cancel()
	var last error
	err := wait.PollUntilContextCancel(ctx, 250*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		gone, err := e.clear(ctx)
		if last = err; err != nil && !temporary(err) {
			return false, err
		}
		return gone && err == nil, nil
	})
	if err != nil && last != nil {
		err = last
	}
	if err != nil {
		return i18n.Errmsg("kubernetes.cancel", "Cause", e.told(err))
	}
	return nil
}

// clear takes one step, and reports whether nothing is left that Kubernetes does not
// remove by itself.
func (e *Engine) clear(ctx context.Context) (gone bool, err error) {
	ours := meta.ListOptions{LabelSelector: e.selector()}
	jobs, err := e.API.BatchV1().Jobs(e.Namespace).List(ctx, ours)
	if err != nil {
		return false, err
	}
	// Jobs end before they go: one that goes at once might make a pod meanwhile, which
	// our finalizer would hold for ever.
	quiet := true
	for i := range jobs.Items {
		j := &jobs.Items[i]
		if finished(j) != nil || j.Status.Active == 0 && j.Spec.Parallelism != nil && *j.Spec.Parallelism == 0 {
			continue
		}
		quiet = false
		if j.Spec.Parallelism == nil || *j.Spec.Parallelism != 0 {
			_, err := e.API.BatchV1().Jobs(e.Namespace).Patch(ctx, j.Name, types.MergePatchType, []byte(`{"spec":{"parallelism":0}}`), meta.PatchOptions{})
			if err != nil && !apierrors.IsNotFound(err) {
				return false, err
			}
		}
	}
	held, err := e.releaseAll(ctx, ours)
	if err != nil || !quiet {
		return false, err
	}
	if len(jobs.Items) == 0 && held == 0 {
		return true, e.removeRest(ctx, ours)
	}
	background := meta.DeletePropagationBackground
	return false, e.API.BatchV1().Jobs(e.Namespace).DeleteCollection(ctx, meta.DeleteOptions{PropagationPolicy: &background}, ours)
}

// releaseAll takes the finalizer off all pods, and returns how many had it.
func (e *Engine) releaseAll(ctx context.Context, ours meta.ListOptions) (held int, err error) {
	ours.Limit = 500
	for {
		pods, err := e.API.CoreV1().Pods(e.Namespace).List(ctx, ours)
		if err != nil {
			return held, err
		}
		for i := range pods.Items {
			if p := &pods.Items[i]; isHeld(p) {
				held++
				if err := e.release(ctx, p); err != nil {
					return held, fmt.Errorf("pod %s: %w", p.Name, err)
				}
			}
		}
		if ours.Continue = pods.Continue; ours.Continue == "" {
			return held, nil
		}
	}
}

func (e *Engine) removeRest(ctx context.Context, ours meta.ListOptions) error {
	err := e.API.CoreV1().ConfigMaps(e.Namespace).DeleteCollection(ctx, meta.DeleteOptions{}, ours)
	policy := e.API.NetworkingV1().NetworkPolicies(e.Namespace).Delete(ctx, e.name(), meta.DeleteOptions{})
	if apierrors.IsNotFound(policy) {
		policy = nil
	}
	return errors.Join(err, policy)
}
