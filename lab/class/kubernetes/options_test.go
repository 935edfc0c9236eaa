package kubernetes

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"wirelab/internal/cmdline"
	"wirelab/lab/class"
	"wirelab/lab/class/cli"
	"wirelab/lab/class/cluster"
)

// command carries a command of a class out as wirelab-class does.
func command(t *testing.T, args ...string) (out string, code int) {
	t.Helper()
	cluster.Link(Cluster{})
	t.Cleanup(func() { cluster.Link(nil) })
	program := cmdline.New(cli.Part())
	var stdout, stderr bytes.Buffer
	program.Root().SetOut(&stdout)
	if code = program.Run(t.Context(), args, &stderr); stderr.Len() > 0 {
		t.Logf("%q: %s", args, &stderr)
	}
	return stdout.String(), code
}

// jobsIn are the Jobs of a YAML file of several documents.
func jobsIn(t *testing.T, text string) (jobs []batch.Job) {
	t.Helper()
	for doc := range strings.SplitSeq(text, "\n---\n") {
		var j batch.Job
		if err := yaml.Unmarshal([]byte(doc), &j); err != nil {
			t.Fatalf("%v:\n%s", err, doc)
		}
		if j.Kind == "Job" {
			jobs = append(jobs, j)
		}
	}
	return jobs
}

// What the flags choose is in the Jobs that a dry run prints: where pods may run in their
// template, and the queue on the Job, where Kueue reads it. Without them nothing is.
func TestDryRunOfFlags(t *testing.T) {
	dir := t.TempDir()
	courseIn(t, dir, 3, ping, nil)
	for _, test := range []struct {
		flags  []string
		nodes  map[string]string
		taints []string // tolerated
		queue  string
	}{
		{nil, nil, nil, ""},
		{[]string{"--queue", "homework"}, nil, nil, "homework"},
		{[]string{"--node-selector", "pool=labs,zone=a", "--queue=homework"}, map[string]string{"pool": "labs", "zone": "a"}, []string{"pool", "zone"}, "homework"},
		{[]string{"--node-selector", "pool=labs", "--node-selector", "zone=a"}, map[string]string{"pool": "labs", "zone": "a"}, []string{"pool", "zone"}, ""},
	} {
		t.Run(strings.Join(test.flags, " "), func(t *testing.T) {
			args := append([]string{"class", "run", dir, "--on", "kubernetes", "--namespace", namespace, "--image", "registry.example/wirelab:1", "--dry-run", "-o", "yaml"}, test.flags...)
			out, code := command(t, args...)
			if code != 0 {
				t.Fatalf("exit code %d", code)
			}
			jobs := jobsIn(t, out)
			if len(jobs) != 1 {
				t.Fatalf("%d Jobs, want 1:\n%s", len(jobs), out)
			}
			j := jobs[0]
			spec := j.Spec.Template.Spec
			if !maps.Equal(spec.NodeSelector, test.nodes) {
				t.Errorf("the pods' node selector is %v, want %v", spec.NodeSelector, test.nodes)
			}
			var tolerated []string
			for _, one := range spec.Tolerations {
				if one.Operator != core.TolerationOpExists {
					t.Errorf("toleration %+v, want any value of the taint", one)
				}
				tolerated = append(tolerated, one.Key)
			}
			if !slices.Equal(tolerated, test.taints) {
				t.Errorf("taints that are tolerated: %v, want %v", tolerated, test.taints)
			}
			if queue, has := j.Labels["kueue.x-k8s.io/queue-name"]; queue != test.queue || has != (test.queue != "") {
				t.Errorf("the queue's label is %q (%v), want %q", queue, has, test.queue)
			}
			if *j.Spec.Suspend != (test.queue != "") {
				t.Errorf("suspended: %v; a Job of a queue is begun by Kueue, another by whoever applies it", *j.Spec.Suspend)
			}
		})
	}
}

// What a dry run prints is what a run makes.
func TestDryRunIsTheRun(t *testing.T) {
	dir := t.TempDir()
	jobs := courseIn(t, dir, 3, ping, nil)
	out, code := command(t, "class", "run", dir, "--on", "kubernetes", "-n", namespace, "--image", "registry.example/wirelab:1",
		"--labs", "2", "--node-selector", "pool=labs", "--queue", "homework", "--user-namespaces", "--dry-run")
	printed := jobsIn(t, out)
	if code != 0 || len(printed) != 1 {
		t.Fatalf("exit code %d, %d Jobs", code, len(printed))
	}
	id, err := os.ReadFile(filepath.Join(dir, ".kubernetes"))
	if err != nil {
		t.Fatal(err)
	}
	pretended := pretend(t, func(string, int) (int32, string) { return 0, "" })
	e := pretended.engine()
	e.Options.Run, e.Labs, e.NodeSelector, e.Queue, e.UserNamespaces = strings.TrimSpace(string(id)), 2, map[string]string{"pool": "labs"}, "homework", true
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	w, err := pretended.api.BatchV1().Jobs(namespace).Watch(t.Context(), meta.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	go func() {
		ended <- e.Run(ctx, jobs, func(class.Job, class.Result, []class.File) error { return nil })
	}()
	var made *batch.Job
	select {
	case event := <-w.ResultChan():
		made = event.Object.(*batch.Job)
	case err := <-ended:
		t.Fatalf("the run has ended: %v", err)
	}
	cancel()
	<-ended
	// Each shard has a name of its own, and with it the ConfigMap.
	same := func(j *batch.Job) batch.Job {
		j = j.DeepCopy()
		for i := range j.Spec.Template.Spec.Volumes {
			if m := j.Spec.Template.Spec.Volumes[i].ConfigMap; m != nil && m.Name == j.Name {
				m.Name = "its own"
			}
		}
		j.Name, j.ManagedFields = "its own", nil // the fake's
		return *j
	}
	if one, other := same(&printed[0]), same(made); !equality.Semantic.DeepEqual(one, other) {
		t.Errorf("(-printed +made):\n%s", cmp.Diff(one, other))
	}
}
