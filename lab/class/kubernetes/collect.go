package kubernetes

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"

	batchlist "k8s.io/client-go/listers/batch/v1"
	corelist "k8s.io/client-go/listers/core/v1"

	"wirelab/lab/class"
)

// collectors are the pods whose results are fetched at a time: each may need its log.
const collectors = 16

// collector watches a run's pods and Jobs, and takes what ended pods have left.
type collector struct {
	r       *run
	pods    corelist.PodNamespaceLister
	jobs    batchlist.JobNamespaceLister
	queue   workqueue.TypedRateLimitingInterface[string]
	stop    context.CancelFunc
	factory []informers.SharedInformerFactory
	workers sync.WaitGroup
}

// collect begins to watch. What has ended already has been taken when it returns.
func (r *run) collect(ctx context.Context) (*collector, error) {
	ctx, stop := context.WithCancel(ctx)
	c := &collector{r: r, stop: stop, queue: workqueue.NewTypedRateLimitingQueue(workqueue.NewTypedItemExponentialFailureRateLimiter[string](100*time.Millisecond, 5*time.Second))}
	ours := informers.NewSharedInformerFactoryWithOptions(r.API, 0, informers.WithNamespace(r.Namespace), informers.WithTransform(strip),
		informers.WithTweakListOptions(func(l *meta.ListOptions) { l.LabelSelector = r.selector() }))
	events := informers.NewSharedInformerFactoryWithOptions(r.API, 0, informers.WithNamespace(r.Namespace), informers.WithTransform(strip),
		informers.WithTweakListOptions(func(l *meta.ListOptions) { l.FieldSelector = "involvedObject.kind=Job,reason=FailedCreate" }))
	c.factory = []informers.SharedInformerFactory{ours, events}
	pods, jobs := ours.Core().V1().Pods(), ours.Batch().V1().Jobs()
	c.pods, c.jobs = pods.Lister().Pods(r.Namespace), jobs.Lister().Jobs(r.Namespace)
	watched := []struct {
		informer cache.SharedIndexInformer
		see      func(any)
	}{
		{pods.Informer(), func(obj any) { c.seePod(obj.(*core.Pod)) }},
		{jobs.Informer(), func(any) { r.changed() }},
		{events.Core().V1().Events().Informer(), func(obj any) { r.seeEvent(obj.(*core.Event)) }},
	}
	for _, w := range watched {
		_, err := w.informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    w.see,
			UpdateFunc: func(_, obj any) { w.see(obj) },
			DeleteFunc: func(obj any) {
				if p, ok := obj.(*core.Pod); ok {
					r.ended(p.Name)
				}
				r.changed()
			},
		})
		if err != nil {
			stop()
			return nil, err
		}
	}
	for _, f := range c.factory {
		f.StartWithContext(ctx)
	}
	// The events are for people: a run does not wait for the right to read them.
	if !cache.WaitForCacheSync(ctx.Done(), pods.Informer().HasSynced, jobs.Informer().HasSynced) {
		c.close()
		return nil, context.Cause(ctx)
	}
	for range collectors {
		c.workers.Go(func() { c.work(ctx) })
	}
	if err := c.drain(ctx); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// close ends the watch, and returns when nothing of it runs any more.
func (c *collector) close() {
	c.stop()
	c.queue.ShutDown()
	c.workers.Wait()
	for _, f := range c.factory {
		f.Shutdown()
	}
}

// list returns the run's Jobs, by name.
func (c *collector) list() []*batch.Job {
	all, err := c.jobs.List(labels.Everything())
	if err != nil {
		return nil // a cache has no errors
	}
	slices.SortFunc(all, func(a, b *batch.Job) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// drain takes what pods have left that ended while nobody collected: that need not be
// carried out again.
func (c *collector) drain(ctx context.Context) error {
	all, err := c.pods.List(labels.Everything())
	if err != nil {
		return err
	}
	var takers sync.WaitGroup
	next := make(chan *core.Pod)
	for range collectors {
		takers.Go(func() {
			for p := range next {
				if err := c.r.take(ctx, p, lastTry); err != nil {
					c.queue.AddRateLimited(p.Name)
				}
			}
		})
	}
	for _, p := range all {
		if over(p) {
			next <- p
		}
	}
	close(next)
	takers.Wait()
	return context.Cause(ctx)
}

func (c *collector) seePod(p *core.Pod) {
	c.r.look(p)
	if over(p) && isHeld(p) {
		c.queue.Add(p.Name)
	}
}

// work takes what ended pods have left, one after the other.
func (c *collector) work(ctx context.Context) {
	for {
		name, quit := c.queue.Get()
		if quit {
			return
		}
		p, err := c.pods.Get(name)
		if err == nil {
			err = c.r.take(ctx, p, c.queue.NumRequeues(name))
		} else {
			err = nil // it has gone
		}
		if err != nil && ctx.Err() == nil {
			c.queue.AddRateLimited(name)
		} else {
			c.queue.Forget(name)
			c.r.changed()
		}
		c.queue.Done(name)
	}
}

// over reports whether a pod has nothing to come: it has ended, or goes and was never on a
// node. One that went with its node, of which no container's end is known, may yet turn out
// to have succeeded when the node comes back: until the Job controller has counted it.
func over(p *core.Pod) bool {
	switch p.Status.Phase {
	case core.PodSucceeded:
		return true
	case core.PodFailed:
		return terminated(p) != nil || !slices.Contains(p.Finalizers, batch.JobTrackingFinalizer)
	}
	return p.DeletionTimestamp != nil && p.Spec.NodeName == ""
}

func isHeld(p *core.Pod) bool { return slices.Contains(p.Finalizers, finalizer) }

// strip keeps of what is watched what is read: thousands of pods are in memory at once.
func strip(obj any) (any, error) {
	switch o := obj.(type) {
	case *core.Pod:
		slim := &core.Pod{
			ObjectMeta: meta.ObjectMeta{
				Name: o.Name, Namespace: o.Namespace, UID: o.UID, ResourceVersion: o.ResourceVersion, DeletionTimestamp: o.DeletionTimestamp,
				Finalizers:  o.Finalizers,
				Labels:      map[string]string{batch.JobNameLabel: o.Labels[batch.JobNameLabel]},
				Annotations: map[string]string{batch.JobCompletionIndexAnnotation: o.Annotations[batch.JobCompletionIndexAnnotation]},
			},
			Spec:   core.PodSpec{NodeName: o.Spec.NodeName},
			Status: core.PodStatus{Phase: o.Status.Phase, Reason: o.Status.Reason, Message: o.Status.Message},
		}
		if !isHeld(o) { // its result has been stored
			return slim, nil
		}
		for _, condition := range o.Status.Conditions {
			if condition.Type == core.PodScheduled || condition.Type == core.DisruptionTarget {
				slim.Status.Conditions = append(slim.Status.Conditions, condition)
			}
		}
		for _, s := range o.Status.ContainerStatuses {
			slim.Status.ContainerStatuses = append(slim.Status.ContainerStatuses, core.ContainerStatus{Name: s.Name, State: s.State})
		}
		return slim, nil
	case *batch.Job:
		o.ManagedFields, o.Spec.Template = nil, core.PodTemplateSpec{}
	case *core.Event:
		o.ManagedFields = nil
	}
	return obj, nil
}

// finished returns the condition by which a Job has ended, nil if it has not.
func finished(j *batch.Job) *batch.JobCondition {
	for i, condition := range j.Status.Conditions {
		if condition.Status == core.ConditionTrue && (condition.Type == batch.JobComplete || condition.Type == batch.JobFailed) {
			return &j.Status.Conditions[i]
		}
	}
	return nil
}

// failedIndexes reads the indexes that a Job has given up, as "1,3-5".
func failedIndexes(j *batch.Job) map[int]bool {
	failed := map[int]bool{}
	if j.Status.FailedIndexes == nil || *j.Status.FailedIndexes == "" {
		return failed
	}
	for part := range strings.SplitSeq(*j.Status.FailedIndexes, ",") {
		first, last, isRange := strings.Cut(part, "-")
		from, err := strconv.Atoi(first)
		to := from
		if isRange && err == nil {
			to, err = strconv.Atoi(last)
		}
		if err != nil || to-from > shardJobs {
			continue
		}
		for i := from; i <= to; i++ {
			failed[i] = true
		}
	}
	return failed
}

func sortByKey(jobs []class.Job) {
	slices.SortFunc(jobs, func(a, b class.Job) int { return strings.Compare(a.Key(), b.Key()) })
}
