package kubernetes

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"wirelab/internal/require"
	"wirelab/lab"
	"wirelab/lab/claim"
	"wirelab/lab/class"
	"wirelab/lab/class/classtest"
	"wirelab/lab/class/cluster"
	"wirelab/lab/class/grades"
)

// wirelabHere runs wirelab on this machine.
func wirelabHere(t *testing.T, args ...string) ([]byte, error) {
	t.Helper()
	path, err := lab.Program(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return exec.CommandContext(t.Context(), path, args...).CombinedOutput()
}

// The work of thirty students, good, wrong, empty, of a neighbour's or hostile, has the
// same grades on this machine and on the cluster, and graders are told the same of it.
func TestInventedCourseOnRealCluster(t *testing.T) {
	r := realCluster(t)
	students, err := classtest.Students(30, func(seed string) ([]byte, error) {
		dir := filepath.Join(t.TempDir(), "run")
		if out, err := wirelabHere(t, "run", "tcp-once", "--seed", seed, "--backend", "netns", "-o", dir); err != nil {
			t.Logf("%s", out)
			return nil, err
		}
		return os.ReadFile(filepath.Join(dir, "tcp-once.pcapng"))
	})
	if err != nil {
		t.Fatal(err)
	}
	here, there := t.TempDir(), t.TempDir()
	for _, dir := range []string{here, there} {
		if err := classtest.Write(dir, students); err != nil {
			t.Fatal(err)
		}
	}
	out, _ := wirelabHere(t, "class", "run", here) // inconclusive, of cut captures
	t.Logf("here: %s", out)
	c, err := class.Open(there)
	if err != nil {
		t.Fatal(err)
	}
	jobs, _ := c.Jobs()
	e := r.engine(cluster.NewRun())
	if err := e.Run(t.Context(), jobs, c.Put); err != nil {
		t.Fatal(err)
	}
	r.nothingLeft(t)
	on := grades.Read(c).Document()
	local, err := class.Open(here)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(grades.Read(local).Document(), on); diff != "" {
		t.Errorf("grades (-here +cluster):\n%s", diff)
	}
	sameForGraders(t, local, c)
	for i, s := range on.Students {
		for _, w := range s.Work {
			if want := students[i].Work[w.Experiment].Want; string(w.State) != want {
				t.Errorf("%s %s: %s on the cluster, want %s", s.ID, w.Experiment, w.State, want)
			}
		}
	}
	for _, job := range jobs {
		if result, ok := c.Result(job); ok && !strings.HasPrefix(result.Place, "kubernetes/") {
			t.Errorf("%s %s was graded in %s", job.Student, job.Experiment, result.Place)
		}
	}
}

// looking is a client of the chat that first looks around: it takes part only where it
// sees nothing of the pod and has no privileges.
const looking = `#!/usr/bin/env python3
import os, sys
for path in ("/job", "/wirelab", "/dev/termination-log", "/proc/1/root/wirelab", "/var/run/secrets", "/sys/kernel"):
    if os.path.exists(path):
        sys.exit("sees " + path)
if os.listdir("/tmp") or sorted(os.listdir("/work")):
    sys.exit("sees files of others")
for path in ("/usr/x", "/x/y", "/dev/x/y"):
    try:
        open(path, "w")
        sys.exit("writes " + path)
    except OSError:
        pass
try:
    import socket
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sys.exit("has a raw socket")
except PermissionError:
    pass
`

// A student's program in a pod is locked in as on a machine.
func TestProgramIsLockedInOnRealCluster(t *testing.T) {
	r := realCluster(t)
	jobs := course(t, 1, "[[experiment]]\nname = \"talk.txtar\"\nsubmission = \"program\"\n",
		map[string]string{"talk.txtar": classtest.Talk, "submissions/s0000/talk.py": looking + strings.TrimPrefix(classtest.Client, "#!/usr/bin/env python3\n")})
	if len(jobs) != 1 {
		t.Fatalf("%d jobs", len(jobs))
	}
	got := delivered{}
	if err := r.engine(cluster.NewRun()).Run(t.Context(), jobs, got.take(t)); err != nil {
		t.Fatal(err)
	}
	graded(t, jobs, got)
	for _, result := range got {
		for _, v := range result.Claims() {
			t.Logf("%s %s: %v", v.ID, v.Status, v.Reason)
		}
	}
}

// setEnforced has the namespace enforce another Pod Security standard.
func setEnforced(t *testing.T, r *real, standard string) {
	t.Helper()
	patch := []byte(`{"metadata":{"labels":{"` + enforceLabel + `":"` + standard + `"}}}`)
	if _, err := r.api.CoreV1().Namespaces().Patch(t.Context(), r.namespace, types.MergePatchType, patch, meta.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}

// A run has what its options ask for: a user namespace for each pod, no profile where the
// namespace allows that, a queue that decides when labs begin, and nodes of a kind alone, which
// nobody else may use.
func TestOptionsOnRealCluster(t *testing.T) {
	for _, test := range []struct {
		name string
		set  func(*Engine)
		pod  func(core.Pod) bool // whether a pod is as asked for
	}{
		{"user namespaces", func(e *Engine) { e.UserNamespaces = true }, func(p core.Pod) bool { return p.Spec.HostUsers != nil && !*p.Spec.HostUsers }},
		{"no profile", func(e *Engine) { e.Seccomp = None }, func(p core.Pod) bool { return p.Spec.SecurityContext.SeccompProfile == nil }},
		{"nodes of a kind", func(e *Engine) { e.NodeSelector = map[string]string{"pool": "labs"} }, func(p core.Pod) bool { return p.Spec.NodeSelector["pool"] == "labs" }},
		{"a queue", func(e *Engine) { e.Queue = "labs" }, func(core.Pod) bool { return true }},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := realCluster(t)
			e := r.engine(cluster.NewRun())
			test.set(e)
			if e.Seccomp == None {
				setEnforced(t, r, "baseline")
			}
			if len(e.NodeSelector) > 0 {
				r.keepNodes(t, "pool", "labs")
			}
			jobs := course(t, 2, ping, nil)
			got := delivered{}
			take := got.take(t)
			ended := make(chan error, 1)
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
			defer cancel()
			go func() { ended <- e.Run(ctx, jobs, take) }()
			if e.Queue != "" {
				r.admit(t, e.Queue)
			}
			seen := 0
			for {
				for _, p := range r.pods(t) {
					if seen++; !test.pod(p) {
						t.Errorf("pod %s is not as asked for: %+v", p.Name, p.Spec)
					}
				}
				select {
				case err := <-ended:
					if err != nil {
						t.Fatal(err)
					}
					graded(t, jobs, got)
					if seen == 0 {
						t.Error("no pod was seen")
					}
					r.nothingLeft(t)
					return
				case <-time.After(100 * time.Millisecond): // of the watcher; nothing is concluded from it
				}
			}
		})
	}
}

// keepNodes keeps the nodes for pods of a kind, until the test ends: with a label, and with a
// taint of the same key.
func (r *real) keepNodes(t *testing.T, key, value string) {
	t.Helper()
	nodes, err := r.api.CoreV1().Nodes().List(t.Context(), meta.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	set := func(ctx context.Context, node, label, taints string) error {
		patch := fmt.Appendf(nil, `{"metadata":{"labels":{%q:%s}},"spec":{"taints":%s}}`, key, label, taints)
		_, err := r.api.CoreV1().Nodes().Patch(ctx, node, types.MergePatchType, patch, meta.PatchOptions{})
		return err
	}
	for _, node := range nodes.Items {
		if err := set(t.Context(), node.Name, strconv.Quote(value), fmt.Sprintf(`[{"key":%q,"value":%q,"effect":"NoSchedule"}]`, key, value)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := set(context.Background(), node.Name, "null", "null"); err != nil {
				t.Error(err)
			}
		})
	}
}

// admit is Kueue: it lets Jobs of a queue begin, of which none has begun by itself.
func (r *real) admit(t *testing.T, queue string) {
	t.Helper()
	var names []string
	require.Eventually(t, time.Minute, func() bool {
		jobs, err := r.api.BatchV1().Jobs(r.namespace).List(t.Context(), meta.ListOptions{LabelSelector: queueLabel + "=" + queue})
		if err != nil {
			return false
		}
		for _, j := range jobs.Items {
			if !*j.Spec.Suspend {
				t.Errorf("Job %s has begun by itself", j.Name)
			}
			names = append(names, j.Name)
		}
		return len(names) > 0
	}, func() string { return "a Job with the label of the queue" })
	if pods := r.pods(t); len(pods) > 0 {
		t.Errorf("%d pods before the queue lets them begin", len(pods))
	}
	for _, name := range names {
		if _, err := r.api.BatchV1().Jobs(r.namespace).Patch(t.Context(), name, types.MergePatchType, []byte(`{"spec":{"suspend":false}}`), meta.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

// A node that is lost with its pods, and comes back, loses no result and doubles none.
func TestLostNodeOnRealCluster(t *testing.T) {
	r := realCluster(t)
	jobs := course(t, 12, ping, nil)
	got := delivered{}
	take := got.take(t)
	ended := make(chan error, 1)
	go func() { ended <- r.engine(cluster.NewRun()).Run(t.Context(), jobs, take) }()
	var node string
	require.Eventually(t, 2*time.Minute, func() bool {
		for _, p := range r.pods(t) {
			if p.Status.Phase == core.PodRunning {
				node = p.Spec.NodeName
			}
		}
		return node != ""
	}, func() string { return "a pod that runs" })
	signal(t, syscall.SIGUSR2) // the kubelet stops
	lost := map[types.UID]bool{}
	back := false
	comeBack := func() {
		if !back {
			back = true
			signal(t, syscall.SIGUSR2)
		}
	}
	defer comeBack()
	if err := r.api.CoreV1().Nodes().Delete(t.Context(), node, meta.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	// The garbage collector takes the pods of a node that is gone, after a minute.
	require.Eventually(t, 5*time.Minute, func() bool {
		for _, p := range r.pods(t) {
			if p.DeletionTimestamp != nil {
				lost[p.UID] = true
			}
		}
		return len(lost) > 0
	}, func() string { return "a pod that goes with its node" })
	comeBack()
	select {
	case err := <-ended:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(10 * time.Minute):
		t.Fatal("10 minutes after the node has come back the run has not ended")
	}
	graded(t, jobs, got)
	if len(got) != len(jobs) {
		t.Errorf("%d results, want %d", len(got), len(jobs))
	}
	var repeated int
	for _, result := range got {
		if result.Status == class.Done && result.Verdict() == claim.Pass && result.Tries > 1 {
			repeated++
		}
	}
	t.Logf("%d pods were lost with their node; %d results took another attempt", len(lost), repeated)
	r.nothingLeft(t)
}
