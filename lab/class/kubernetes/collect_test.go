package kubernetes

import (
	"testing"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A pod is read when nothing of it comes any more. PodGC has a pod fail whose node is gone;
// a kubelet that comes back in that moment writes over it that the lab has succeeded, and
// the Job controller then lets nobody repeat it.
func TestOver(t *testing.T) {
	ended := []core.ContainerStatus{{Name: containerName, State: core.ContainerState{Terminated: &core.ContainerStateTerminated{}}}}
	runs := []core.ContainerStatus{{Name: containerName, State: core.ContainerState{Running: &core.ContainerStateRunning{}}}}
	both, ours := []string{batch.JobTrackingFinalizer, finalizer}, []string{finalizer}
	for _, test := range []struct {
		what       string
		phase      core.PodPhase
		containers []core.ContainerStatus
		finalizers []string
		node       string
		goes       bool
		want       bool
	}{
		{"runs", core.PodRunning, runs, both, "node1", false, false},
		{"is to end", core.PodRunning, runs, both, "node1", true, false},
		{"never began, and goes", core.PodPending, nil, both, "", true, true},
		{"succeeded", core.PodSucceeded, ended, both, "node1", false, true},
		{"failed", core.PodFailed, ended, both, "node1", false, true},
		{"went with its node", core.PodFailed, runs, both, "node1", true, false},
		{"went with its node, and is counted", core.PodFailed, runs, ours, "node1", true, true},
	} {
		p := &core.Pod{
			ObjectMeta: meta.ObjectMeta{Finalizers: test.finalizers},
			Spec:       core.PodSpec{NodeName: test.node},
			Status:     core.PodStatus{Phase: test.phase, ContainerStatuses: test.containers},
		}
		if test.goes {
			p.DeletionTimestamp = new(meta.Now())
		}
		if got := over(p); got != test.want {
			t.Errorf("a pod that %s: over is %v", test.what, got)
		}
	}
}
