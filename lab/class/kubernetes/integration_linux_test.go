package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8s "k8s.io/client-go/kubernetes"

	"wirelab/internal/require"
	"wirelab/lab/claim"
	"wirelab/lab/class"
	"wirelab/lab/class/cluster"
	"wirelab/lab/class/seccomp"
)

// real is the cluster of scripts/kubernetes-up, in a namespace of one test, which admits
// pods of the standard restricted alone.
type real struct {
	api       k8s.Interface
	namespace string
	image     string
}

// testImage is an image of wirelab that the cluster has: whoever started it has put it there.
const testImage = "docker.io/library/wirelab:test"

func realCluster(t *testing.T) *real {
	t.Helper()
	const name = "kubernetes"
	if os.Getenv("WIRELAB_TEST_KUBECONFIG") == "" {
		require.Missing(t, name, "no cluster: WIRELAB_TEST_KUBECONFIG=$(scripts/kubernetes-up --image FILE), FILE of wirelab class image --name "+testImage)
	}
	t.Setenv("KUBECONFIG", os.Getenv("WIRELAB_TEST_KUBECONFIG"))
	api, _, err := Connect("")
	if err != nil {
		t.Fatal(err)
	}
	r := &real{api: api, namespace: "test-" + cluster.NewRun(), image: testImage}
	for _, object := range NamespaceSetup(r.namespace, "teacher", 60) {
		switch o := object.(type) {
		case *core.Namespace:
			_, err = api.CoreV1().Namespaces().Create(t.Context(), o, meta.CreateOptions{})
		case *core.ResourceQuota:
			_, err = api.CoreV1().ResourceQuotas(r.namespace).Create(t.Context(), o, meta.CreateOptions{})
		case *core.LimitRange:
			_, err = api.CoreV1().LimitRanges(r.namespace).Create(t.Context(), o, meta.CreateOptions{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if err := api.CoreV1().Namespaces().Delete(context.Background(), r.namespace, meta.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	return r
}

func (r *real) engine(run string) *Engine {
	return &Engine{API: r.api, Options: Options{Namespace: r.namespace, Run: run, Image: r.image, Seccomp: seccomp.Name, Labs: 6}}
}

func (r *real) pods(t *testing.T) []core.Pod {
	t.Helper()
	pods, err := r.api.CoreV1().Pods(r.namespace).List(t.Context(), meta.ListOptions{})
	if err != nil {
		return nil // the server may be away: the next look tells
	}
	return pods.Items
}

// nothingLeft waits until nothing of the runs is in the namespace.
func (r *real) nothingLeft(t *testing.T) {
	t.Helper()
	var left string
	require.Eventually(t, time.Minute, func() bool {
		jobs, err := r.api.BatchV1().Jobs(r.namespace).List(t.Context(), meta.ListOptions{})
		maps, err2 := r.api.CoreV1().ConfigMaps(r.namespace).List(t.Context(), meta.ListOptions{LabelSelector: runLabel})
		if errors.Join(err, err2) != nil {
			left = errors.Join(err, err2).Error()
			return false
		}
		pods := r.pods(t)
		left = fmt.Sprintf("%d Jobs, %d ConfigMaps, %d pods", len(jobs.Items), len(maps.Items), len(pods))
		return len(jobs.Items)+len(maps.Items)+len(pods) == 0
	}, func() string { return "an empty namespace; it has " + left })
}

// graded checks that every job has one result, which is a verdict.
func graded(t *testing.T, jobs []class.Job, got delivered) {
	t.Helper()
	for _, job := range jobs {
		if r, ok := got[job.Key()]; !ok || r.Verdict() != claim.Pass {
			t.Errorf("%s: %v, %s %s (%v)", job.Student, ok, r.Status, r.Verdict(), r.Reason)
		}
	}
}

// Six students' labs run in pods of the standard restricted, and bring their captures.
func TestOnRealCluster(t *testing.T) {
	r := realCluster(t)
	jobs := course(t, 6, ping, nil)
	got := delivered{}
	take := got.take(t)
	err := r.engine(cluster.NewRun()).Run(t.Context(), jobs, func(job class.Job, result class.Result, files []class.File) error {
		if len(files) != 1 || files[0].Name != job.CaptureName() || len(files[0].Data) < 1000 {
			t.Errorf("%s: %d files", job.Student, len(files))
		}
		return take(job, result, files)
	})
	if err != nil {
		t.Fatal(err)
	}
	graded(t, jobs, got)
	r.nothingLeft(t)
}

// Pods that are evicted or deleted, and an API server that is killed, lose no result.
func TestDisruptionsOnRealCluster(t *testing.T) {
	r := realCluster(t)
	jobs := course(t, 12, ping, nil)
	got := delivered{}
	ended := make(chan error, 1)
	take := got.take(t)
	go func() { ended <- r.engine(cluster.NewRun()).Run(t.Context(), jobs, take) }()
	disrupted := map[string]bool{}
	restarted := false
	for look := 0; ; look++ {
		select {
		case err := <-ended:
			if err != nil {
				t.Fatal(err)
			}
			graded(t, jobs, got)
			if len(disrupted) < 4 || !restarted {
				t.Errorf("%d pods were disrupted, API server restarted: %v; want 4 or more, and true", len(disrupted), restarted)
			}
			r.nothingLeft(t)
			return
		case <-time.After(200 * time.Millisecond): // of the disturber; nothing is concluded from it
		}
		for _, p := range r.pods(t) {
			if p.Status.Phase != core.PodRunning || disrupted[p.Name] || len(disrupted) >= 6 {
				continue
			}
			disrupted[p.Name] = true
			if len(disrupted)%2 == 0 {
				r.api.CoreV1().Pods(r.namespace).Delete(t.Context(), p.Name, meta.DeleteOptions{})
			} else {
				r.api.PolicyV1().Evictions(r.namespace).Evict(t.Context(), &policy.Eviction{ObjectMeta: meta.ObjectMeta{Name: p.Name, Namespace: r.namespace}})
			}
		}
		if len(disrupted) >= 3 && !restarted {
			restarted = true
			restartServer(t)
		}
	}
}

// restartServer has the API server killed and started again.
func restartServer(t *testing.T) { t.Helper(); signal(t, syscall.SIGUSR1) }

// signal asks the first process of the cluster for something (testcluster/inside).
func signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	run := filepath.Dir(filepath.Dir(os.Getenv("KUBECONFIG")))
	b, err := os.ReadFile(filepath.Join(run, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	outer := strings.Fields(string(b))[0]
	children, err := os.ReadFile(fmt.Sprintf("/proc/%s/task/%[1]s/children", outer))
	if err != nil {
		t.Fatal(err)
	}
	var first int
	if _, err := fmt.Sscan(string(children), &first); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(first, s); err != nil {
		t.Fatal(err)
	}
}
