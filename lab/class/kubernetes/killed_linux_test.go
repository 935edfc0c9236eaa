package kubernetes

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"wirelab/internal/cmdline"
	"wirelab/lab/claim"
	"wirelab/lab/class"
	classcli "wirelab/lab/class/cli"
	"wirelab/lab/class/cluster"
	labcli "wirelab/lab/cli"
)

// The variables that make the test binary another program: a collector, which another
// process kills, and wirelab-class.
const (
	collectorVariable = "WIRELAB_TEST_COLLECTOR"
	programVariable   = "WIRELAB_TEST_PROGRAM"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(collectorVariable); dir != "" {
		os.Exit(collectorMain(dir))
	}
	if os.Getenv(programVariable) != "" {
		cluster.Link(Cluster{})
		os.Exit(cmdline.New(labcli.Part(), classcli.Part()).Run(context.Background(), os.Args[1:], os.Stderr))
	}
	os.Exit(m.Run())
}

// storedFile has the key of each result that was stored, a line each.
const storedFile = "stored"

// collectorMain carries out a course until it ends or is killed.
func collectorMain(dir string) int {
	err := func() error {
		c, err := class.Open(dir)
		if err != nil {
			return err
		}
		jobs, _ := c.Jobs()
		api, _, err := Connect("")
		if err != nil {
			return err
		}
		run, err := cluster.RunOf(dir)
		if err != nil {
			return err
		}
		stored, err := os.OpenFile(filepath.Join(dir, storedFile), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
		if err != nil {
			return err
		}
		defer stored.Close()
		r := &real{api: api, namespace: os.Getenv("WIRELAB_TEST_NAMESPACE"), image: testImage}
		return r.engine(run).Run(context.Background(), c.Left(jobs), func(job class.Job, result class.Result, files []class.File) error {
			if err := c.Put(job, result, files); err != nil {
				return err
			}
			_, err := fmt.Fprintln(stored, job.Key())
			return err
		})
	}()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// number is that of an environment variable, n where it has none.
func number(t *testing.T, name string, n int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return n
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q, and no number", name, text)
	}
	return n
}

// A collector that is killed at whatever moment, again and again, while the API server is
// killed now and then, loses no result, has none twice, and leaves nothing: the folder and
// the cluster know all. scripts/kubernetes-kills does it at length.
func TestCollectorKilledOnRealCluster(t *testing.T) {
	r := realCluster(t)
	dir := t.TempDir()
	jobs := courseIn(t, dir, number(t, "WIRELAB_TEST_STUDENTS", 16), ping, nil)
	kills := number(t, "WIRELAB_TEST_KILLS", 6)
	const restartEach = 10 // kills
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	chance := rand.New(rand.NewPCG(seed, 0))
	pods := r.watchPods(t)
	began := time.Now()
	killed, restarts, collected := 0, 0, 0 // of the last: kills in whose moment some results were there, and some not
	for ended := false; !ended; {
		cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
		cmd.Env = append(os.Environ(), collectorVariable+"="+dir, "WIRELAB_TEST_NAMESPACE="+r.namespace)
		var said strings.Builder
		cmd.Stdout, cmd.Stderr = &said, &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		stop := func() bool { return false }
		if killed < kills {
			// Kills are spread over the run: where they are ahead of the results they come later.
			most := 1500 * time.Millisecond
			if killed*len(jobs) > len(storedKeys(t, dir))*kills {
				most *= 5
			}
			moment := time.Duration(chance.Int64N(int64(most)))
			stop = time.AfterFunc(moment, func() { cmd.Process.Kill() }).Stop
		}
		err := cmd.Wait()
		switch notKilled := stop() || killed == kills; {
		case err == nil:
			ended = true
		case notKilled:
			t.Fatalf("%v: %s", err, &said)
		default:
			killed++
			if n := len(storedKeys(t, dir)); n > 0 && n < len(jobs) {
				collected++
			}
			if killed%restartEach == restartEach/2 {
				restarts++
				restartServer(t)
			}
		}
	}
	t.Logf("%d students in %.0f s: the collector was killed %d times, %d of them between the first and the last result; the API server %d times",
		len(jobs), time.Since(began).Seconds(), killed, collected, restarts)
	if killed < kills && os.Getenv("WIRELAB_TEST_KILLS") != "" {
		t.Errorf("the run ended after %d kills of %d: it takes more students", killed, kills)
	}
	c, err := class.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, job := range jobs {
		if result, ok := c.Result(job); !ok || result.Verdict() != claim.Pass {
			t.Errorf("%s: %v %s", job.Student, ok, result.Verdict())
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, class.ResultFolder, "*", "*", "result.json"))
	if err != nil || len(files) != len(jobs) {
		t.Errorf("%d results (%v), want %d", len(files), err, len(jobs))
	}
	times := map[string]int{}
	for _, key := range storedKeys(t, dir) {
		if times[key]++; times[key] > 1 {
			t.Errorf("the result of %s was stored %d times", key, times[key])
		}
	}
	r.nothingLeft(t)
	pods.check(t, len(jobs))
}

// storedKeys are the keys of the results that collectors have stored. One that was killed
// between the result and its line has left none.
func storedKeys(t *testing.T, dir string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, storedFile))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Fields(string(b))
}

// podWatch notes the pods that a run has, by what becomes of them.
type podWatch struct {
	stop  func() map[types.UID]seenPod
	twice []string // two pods of one student that ran at once
}

type seenPod struct {
	of    string // Job and index
	phase core.PodPhase
}

// watchPods looks at the pods again and again until the watch is checked.
func (r *real) watchPods(t *testing.T) *podWatch {
	t.Helper()
	w := &podWatch{}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan map[types.UID]seenPod, 1)
	go func() {
		seen := map[types.UID]seenPod{}
		for ctx.Err() == nil {
			list, err := r.api.CoreV1().Pods(r.namespace).List(ctx, meta.ListOptions{})
			if err == nil {
				runs := map[string]int{}
				for _, p := range list.Items {
					of := p.Labels[batch.JobNameLabel] + "/" + p.Annotations[batch.JobCompletionIndexAnnotation]
					seen[p.UID] = seenPod{of, p.Status.Phase}
					if p.Status.Phase == core.PodRunning {
						if runs[of]++; runs[of] > 1 {
							w.twice = append(w.twice, of)
						}
					}
				}
			}
			select {
			case <-ctx.Done():
			case <-time.After(200 * time.Millisecond): // of the watcher; the finalizer holds what it would miss
			}
		}
		ended <- seen
	}()
	w.stop = func() map[types.UID]seenPod { cancel(); return <-ended }
	return w
}

// check ends the watch. No lab has succeeded twice, and no two pods of one ran at once.
func (w *podWatch) check(t *testing.T, labs int) {
	t.Helper()
	seen := w.stop()
	succeeded := map[string]int{}
	for _, p := range seen {
		if p.phase == core.PodSucceeded {
			if succeeded[p.of]++; succeeded[p.of] > 1 {
				t.Errorf("%s has succeeded %d times", p.of, succeeded[p.of])
			}
		}
	}
	if len(w.twice) > 0 {
		t.Errorf("two pods at once: %q", w.twice)
	}
	t.Logf("%d pods were seen for %d labs", len(seen), labs)
}
