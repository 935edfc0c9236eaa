package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/lab/claim"
	"wirelab/lab/class"
	"wirelab/lab/class/pack"
	"wirelab/lab/class/seccomp"
)

// delivered collects results, each job's once.
type delivered map[string]class.Result

func (d delivered) take(t *testing.T) func(class.Job, class.Result, []class.File) error {
	return func(job class.Job, r class.Result, _ []class.File) error {
		if _, twice := d[job.Key()]; twice {
			t.Errorf("%s has two results", job.Key())
		}
		if r.Student != job.Student || r.Digest != job.Digest {
			t.Errorf("%s: the result says that it is %s's", job.Key(), r.Student)
		}
		d[job.Key()] = r
		return nil
	}
}

// Every job has one result, also where attempts fail, and nothing is left.
func TestRun(t *testing.T) {
	ok := passed(t)
	jobs := course(t, 120, ping, nil)
	cluster := pretend(t, func(key string, attempt int) (int32, string) {
		if strings.HasSuffix(strings.Split(key, "/")[0], "0") && attempt < attempts { // one in ten, twice
			return exit.TryAgain, "busy"
		}
		return 0, ok
	})
	got := delivered{}
	if err := cluster.engine().Run(t.Context(), jobs, got.take(t)); err != nil {
		t.Fatal(err)
	}
	tries := map[int]int{}
	for _, r := range got {
		if r.Status != class.Done || r.Verdict() != claim.Pass {
			t.Errorf("%s: %s %s", r.Student, r.Status, r.Verdict())
		}
		tries[r.Tries]++
		if r.Busy != r.Tries-1 {
			t.Errorf("%s: %d tries, of which %d brought no verdict", r.Student, r.Tries, r.Busy)
		}
	}
	if len(got) != 120 || cluster.pods != 120+2*12 {
		t.Errorf("%d results of %d pods, want 120 of 144", len(got), cluster.pods)
	}
	if tries[attempts] != 12 {
		t.Errorf("tries: %v, want 12 results of %d", tries, attempts)
	}
	cluster.nothingLeft()
}

// A job that cannot be done is given up alone, with the reason.
func TestGivenUp(t *testing.T) {
	ok := passed(t)
	busy, _, err := pack.Encode(class.Result{Schema: class.ResultSchema, Status: class.Temporary, Reason: new(i18n.Verbatim("the machine is too busy"))})
	if err != nil {
		t.Fatal(err)
	}
	jobs := course(t, 5, ping, nil)
	for name, end := range map[string]struct {
		code    int32
		message string
		want    string
	}{
		"busy":    {exit.TryAgain, busy, "the machine is too busy"},
		"killed":  {137, "", "exit code 137"},
		"garbage": {0, "\x1b[2Jgarbage", "garbage"},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := pretend(t, func(key string, _ int) (int32, string) {
				if strings.HasPrefix(key, "s0003/") {
					return end.code, end.message
				}
				return 0, ok
			})
			got := delivered{}
			if err := cluster.engine().Run(t.Context(), jobs, got.take(t)); err != nil {
				t.Fatal(err)
			}
			for _, job := range jobs {
				r, ok := got[job.Key()]
				want := class.Done
				if job.Student == "s0003" {
					want = class.Temporary
					if r.Reason == nil || !strings.Contains(r.Reason.String(), end.want) || strings.ContainsRune(r.Reason.String(), '\x1b') {
						t.Errorf("the reason is %v, want %q", r.Reason, end.want)
					}
				}
				if !ok || r.Status != want {
					t.Errorf("%s: %v %s, want %s", job.Student, ok, r.Status, want)
				}
			}
			cluster.nothingLeft()
		})
	}
}

// Pods that somebody else changes at the same moment end no run: they are let go later.
func TestConflict(t *testing.T) {
	ok := passed(t)
	jobs := course(t, 20, ping, nil)
	cluster := pretend(t, func(string, int) (int32, string) { return 0, ok })
	var conflicts atomic.Int32
	cluster.api.PrependReactor("patch", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
		if conflicts.Add(1) > 60 {
			return false, nil, nil
		}
		return true, nil, apierrors.NewConflict(core.Resource("pods"), action.(clienttesting.PatchAction).GetName(), errors.New("the object has been modified"))
	})
	got := delivered{}
	if err := cluster.engine().Run(t.Context(), jobs, got.take(t)); err != nil {
		t.Fatal(err)
	}
	if len(got) != len(jobs) || conflicts.Load() <= 60 {
		t.Errorf("%d results of %d, %d patches", len(got), len(jobs), conflicts.Load())
	}
	cluster.nothingLeft()
}

// A cluster that lets no lab run ends the run at once, with wirelab's own words.
func TestRefused(t *testing.T) {
	words, _, err := pack.Encode(class.Result{Schema: class.ResultSchema, Status: class.Refused, Reason: new(i18n.Verbatim("no namespaces here"))})
	if err != nil {
		t.Fatal(err)
	}
	cluster := pretend(t, func(string, int) (int32, string) { return exit.Refused, words })
	err = cluster.engine().Run(t.Context(), course(t, 30, ping, nil), delivered{}.take(t))
	if _, ok := errors.AsType[*class.RefusedError](err); !ok || !strings.Contains(err.Error(), "no namespaces here") {
		t.Errorf("error %v, want that no lab runs here, and why", err)
	}
	if cluster.pods != 1 {
		t.Errorf("%d pods, want 1", cluster.pods)
	}
	cluster.nothingLeft()
}

// A collector that ends at any moment loses nothing: the next one takes up what is there,
// and no job is carried out twice.
func TestTakenUp(t *testing.T) {
	ok := passed(t)
	jobs := course(t, 40, ping, nil)
	for after := 0; after < 40; after += 13 {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			cluster := pretend(t, func(string, int) (int32, string) { return 0, ok })
			got := delivered{}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			take := got.take(t)
			err := cluster.engine().Run(ctx, jobs, func(job class.Job, r class.Result, files []class.File) error {
				if len(got) == after {
					cancel()
				}
				return take(job, r, files)
			})
			if !errors.Is(err, context.Canceled) && len(got) < len(jobs) {
				t.Fatalf("error %v, want that of ctx", err)
			}
			var left []class.Job
			for _, job := range jobs {
				if _, done := got[job.Key()]; !done {
					left = append(left, job)
				}
			}
			if err := cluster.engine().Run(t.Context(), left, got.take(t)); err != nil {
				t.Fatal(err)
			}
			if len(got) != len(jobs) || cluster.pods != len(jobs) {
				t.Errorf("%d results of %d pods, want %d", len(got), cluster.pods, len(jobs))
			}
			cluster.nothingLeft()
		})
	}
}

// What the folder cannot take ends the run, and stays on the cluster.
func TestResultCannotBeStored(t *testing.T) {
	ok := passed(t)
	cluster := pretend(t, func(string, int) (int32, string) { return 0, ok })
	full := errors.New("no space left on device")
	err := cluster.engine().Run(t.Context(), course(t, 3, ping, nil), func(class.Job, class.Result, []class.File) error { return full })
	if !errors.Is(err, full) {
		t.Errorf("error %v, want %v", err, full)
	}
	pods, _ := cluster.api.CoreV1().Pods(namespace).List(t.Context(), meta.ListOptions{})
	for _, p := range pods.Items {
		if !isHeld(&p) {
			t.Errorf("pod %s was let go, and its result is lost", p.Name)
		}
	}
	if err := cluster.engine().Cancel(t.Context()); err != nil {
		t.Fatal(err)
	}
	cluster.nothingLeft()
}

// A namespace that would admit no pod is told before anything is made.
func TestNotAdmitted(t *testing.T) {
	o := Options{Namespace: namespace, Seccomp: None}
	restricted := &core.Namespace{ObjectMeta: meta.ObjectMeta{Labels: map[string]string{enforceLabel: "restricted"}}}
	if err := o.admits(restricted); err == nil || !strings.Contains(err.Error(), "baseline") {
		t.Errorf("no profile in a restricted namespace: %v", err)
	}
	o.Seccomp = seccomp.Name
	if err := o.admits(restricted); err != nil {
		t.Error(err)
	}
}

// What one Job has given up and another has taken over is submitted no third time.
func TestGivenUpAndTakenOver(t *testing.T) {
	ok := passed(t)
	jobs := course(t, 1, ping, nil)
	cluster := pretend(t, func(string, int) (int32, string) { return 0, ok })
	e := cluster.engine()
	for _, name := range []string{"a-has-it", "b-gave-it-up"} {
		s := shard{name: e.name() + "-" + name, keys: []string{jobs[0].Key()}, packed: [][]byte{{}}}
		j := e.job(s)
		if name == "b-gave-it-up" {
			j.Spec.Suspend, j.Spec.Parallelism = new(false), new(int32(0)) // it works on others, which are no matter here
			j.Status.FailedIndexes = new("0")
		}
		_, err := cluster.api.CoreV1().ConfigMaps(namespace).Create(t.Context(), e.configMap(s), meta.CreateOptions{})
		_, err2 := cluster.api.BatchV1().Jobs(namespace).Create(t.Context(), j, meta.CreateOptions{})
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
	}
	cluster.api.ClearActions()
	got := delivered{}
	if err := e.Run(t.Context(), jobs, got.take(t)); err != nil {
		t.Fatal(err)
	}
	for _, action := range cluster.api.Actions() {
		if action.Matches("create", "jobs") {
			t.Error("a Job was submitted for what another has")
		}
	}
	if len(got) != 1 || cluster.pods != 1 {
		t.Errorf("%d results of %d pods, want 1 of 1", len(got), cluster.pods)
	}
}

// A run that begins while the API server is away waits for it, and says so once.
func TestServerIsAway(t *testing.T) {
	ok := passed(t)
	cluster := pretend(t, func(string, int) (int32, string) { return 0, ok })
	asked := 0
	cluster.api.PrependReactor("get", "namespaces", func(clienttesting.Action) (bool, runtime.Object, error) {
		asked++
		return asked < 4, nil, syscall.ECONNREFUSED
	})
	var said []string
	e := cluster.engine()
	e.Say = func(m i18n.Message) { said = append(said, m.Code) }
	got := delivered{}
	if err := e.Run(t.Context(), course(t, 2, ping, nil), got.take(t)); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || asked != 4 || !slices.Equal(said, []string{"kubernetes.away"}) {
		t.Errorf("%d results, asked %d times, said %q", len(got), asked, said)
	}
	cluster.nothingLeft()
}
