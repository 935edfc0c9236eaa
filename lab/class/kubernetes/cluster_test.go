package kubernetes

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"wirelab/internal/exit"
	"wirelab/lab/claim"
	"wirelab/lab/class"
	"wirelab/lab/class/pack"
	"wirelab/lab/class/seccomp"
	"wirelab/lab/report"
)

const namespace = "networks"

// pretended is client-go's fake with what a cluster does to Jobs: a Job that is not
// suspended gets a pod for each index, one attempt after the other, whose end the test
// says.
type pretended struct {
	t   *testing.T
	api *fake.Clientset
	end func(key string, attempt int) (code int32, message string)

	mu   sync.Mutex
	pods int // that were made
	wait sync.WaitGroup
}

func pretend(t *testing.T, end func(key string, attempt int) (int32, string)) *pretended {
	p := &pretended{t: t, end: end, api: fake.NewClientset(&core.Namespace{ObjectMeta: meta.ObjectMeta{Name: namespace}})}
	p.api.PrependReactor("delete-collection", "*", p.deleteCollection)
	w, err := p.api.BatchV1().Jobs(namespace).Watch(t.Context(), meta.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	begun := map[string]bool{}
	p.wait.Go(func() {
		for e := range w.ResultChan() {
			if j, ok := e.Object.(*batch.Job); ok && !*j.Spec.Suspend && !begun[j.Name] && *j.Spec.Parallelism > 0 {
				begun[j.Name] = true
				p.wait.Go(func() { p.carryOut(j.DeepCopy()) })
			}
		}
	})
	t.Cleanup(func() { w.Stop(); p.wait.Wait() })
	return p
}

// carryOut is the Job controller with its kubelets.
func (p *pretended) carryOut(j *batch.Job) {
	m, err := p.api.CoreV1().ConfigMaps(namespace).Get(p.t.Context(), j.Name, meta.GetOptions{})
	if err != nil {
		return // canceled meanwhile
	}
	var failed []string
	for i, key := range keysOf(m) {
		for attempt := 1; ; attempt++ {
			code, message := p.end(key, attempt)
			p.pod(j, i, attempt, code, message)
			if code == exit.Refused {
				p.finish(j, batch.JobFailed, batch.JobReasonPodFailurePolicy, nil)
				return
			}
			if code == 0 {
				break
			}
			if attempt == attempts {
				failed = append(failed, strconv.Itoa(i))
				break
			}
		}
	}
	p.finish(j, batch.JobComplete, "", failed)
}

func (p *pretended) pod(j *batch.Job, index, attempt int, code int32, message string) {
	phase := core.PodSucceeded
	if code != 0 {
		phase = core.PodFailed
	}
	pod := &core.Pod{
		ObjectMeta: *j.Spec.Template.ObjectMeta.DeepCopy(),
		Spec:       core.PodSpec{NodeName: "node1"},
		Status: core.PodStatus{Phase: phase, ContainerStatuses: []core.ContainerStatus{
			{Name: containerName, State: core.ContainerState{Terminated: &core.ContainerStateTerminated{ExitCode: code, Reason: "Error", Message: message}}}}},
	}
	pod.Name, pod.Namespace = fmt.Sprintf("%s-%d-%d", j.Name, index, attempt), namespace
	pod.Labels[batch.JobNameLabel] = j.Name
	pod.Annotations = map[string]string{batch.JobCompletionIndexAnnotation: strconv.Itoa(index)}
	if _, err := p.api.CoreV1().Pods(namespace).Create(p.t.Context(), pod, meta.CreateOptions{}); err != nil && p.t.Context().Err() == nil {
		p.t.Error(err)
	}
	p.mu.Lock()
	p.pods++
	p.mu.Unlock()
}

func (p *pretended) finish(j *batch.Job, how batch.JobConditionType, reason string, failed []string) {
	j, err := p.api.BatchV1().Jobs(namespace).Get(p.t.Context(), j.Name, meta.GetOptions{})
	if err != nil {
		return
	}
	j.Status.Conditions = []batch.JobCondition{{Type: how, Status: core.ConditionTrue, Reason: reason, Message: "as the test says"}}
	if failed != nil {
		j.Status.FailedIndexes = new(strings.Join(failed, ","))
	}
	p.api.BatchV1().Jobs(namespace).UpdateStatus(p.t.Context(), j, meta.UpdateOptions{})
}

// deleteCollection is what the fake lacks; pods go with their Jobs. It asks the fake's
// tracker: the fake itself is locked meanwhile.
func (p *pretended) deleteCollection(action clienttesting.Action) (bool, runtime.Object, error) {
	what := action.(clienttesting.DeleteCollectionAction)
	pods := core.SchemeGroupVersion.WithResource("pods")
	if what.GetResource().Resource == "jobs" {
		for _, name := range p.names(pods, "Pod", what.GetListRestrictions().Labels, func(o meta.Object) {
			if slices.Contains(o.GetFinalizers(), finalizer) {
				p.t.Errorf("pod %s goes with its Job, and would be held for ever", o.GetName())
			}
		}) {
			p.api.Tracker().Delete(pods, namespace, name)
		}
	}
	kind := map[string]string{"jobs": "Job", "configmaps": "ConfigMap"}[what.GetResource().Resource]
	for _, name := range p.names(what.GetResource(), kind, what.GetListRestrictions().Labels, nil) {
		p.api.Tracker().Delete(what.GetResource(), namespace, name)
	}
	return true, nil, nil
}

// names are those of all objects of a kind that a selector takes.
func (p *pretended) names(resource schema.GroupVersionResource, kind string, selector labels.Selector, look func(meta.Object)) (names []string) {
	list, err := p.api.Tracker().List(resource, resource.GroupVersion().WithKind(kind), namespace)
	if err != nil {
		p.t.Error(err)
		return nil
	}
	apimeta.EachListItem(list, func(o runtime.Object) error {
		if m := o.(meta.Object); selector.Matches(labels.Set(m.GetLabels())) {
			if look != nil {
				look(m)
			}
			names = append(names, m.GetName())
		}
		return nil
	})
	return names
}

// nothingLeft ends the test where something of a run is on the cluster.
func (p *pretended) nothingLeft() {
	p.t.Helper()
	ctx := p.t.Context()
	jobs, _ := p.api.BatchV1().Jobs(namespace).List(ctx, meta.ListOptions{})
	maps, _ := p.api.CoreV1().ConfigMaps(namespace).List(ctx, meta.ListOptions{})
	pods, _ := p.api.CoreV1().Pods(namespace).List(ctx, meta.ListOptions{})
	policies, _ := p.api.NetworkingV1().NetworkPolicies(namespace).List(ctx, meta.ListOptions{})
	if n := len(jobs.Items) + len(maps.Items) + len(pods.Items) + len(policies.Items); n > 0 {
		p.t.Errorf("left on the cluster: %d Jobs, %d ConfigMaps, %d pods, %d policies", len(jobs.Items), len(maps.Items), len(pods.Items), len(policies.Items))
	}
}

func (p *pretended) engine() *Engine {
	return &Engine{API: p.api, Options: Options{Namespace: namespace, Run: "abcdefghijkl", Image: "registry.example/wirelab:1", Seccomp: seccomp.Name, Labs: 50}}
}

// course returns the jobs of a course with so many students.
func course(t *testing.T, students int, config string, files map[string]string) []class.Job {
	t.Helper()
	return courseIn(t, t.TempDir(), students, config, files)
}

func courseIn(t *testing.T, dir string, students int, config string, files map[string]string) []class.Job {
	t.Helper()
	var roster strings.Builder
	roster.WriteString("id,name\n")
	for i := range students {
		fmt.Fprintf(&roster, "s%04d,Student\n", i)
	}
	all := map[string]string{class.ConfigFile: config, class.RosterFile: roster.String()}
	for name, text := range files {
		all[name] = text
	}
	for name, text := range all {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	c, err := class.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	jobs, _ := c.Jobs()
	return jobs
}

const ping = "[[experiment]]\nname = \"ping\"\n"

// passed is the message of a lab whose claim passes.
func passed(t *testing.T) string {
	t.Helper()
	run := report.NewResult("netns")
	run.Experiments = append(run.Experiments, report.Experiment{Name: "ping", Status: claim.Pass, Claims: []claim.Verdict{{ID: "ping.c", Status: claim.Pass, Packets: []int{}, Expected: []string{}, Observed: []string{}}}})
	text, _, err := pack.Encode(class.Result{Schema: class.ResultSchema, Student: "somebody else", Status: class.Done, Tries: 1, Run: run})
	if err != nil {
		t.Fatal(err)
	}
	return text
}
