package kubernetes

import (
	"strings"
	"testing"

	authorization "k8s.io/api/authorization/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/lab/class"
	"wirelab/lab/class/cluster"
	"wirelab/lab/class/pack"
)

// What is advised where no lab runs is about what is missing: the profile where a lab was
// refused or its container not made, the image where that is not there.
func TestDiagnoseAdvises(t *testing.T) {
	words, _, err := pack.Encode(class.Result{Schema: class.ResultSchema, Status: class.Refused, Reason: new(i18n.Verbatim("no namespaces here"))})
	if err != nil {
		t.Fatal(err)
	}
	waiting := func(reason string) *core.ContainerState {
		return &core.ContainerState{Waiting: &core.ContainerStateWaiting{Reason: reason, Message: "as the test says"}}
	}
	for _, test := range []struct {
		what  string
		state *core.ContainerState // of a container that does not start; nil: the lab is refused
		none  bool                 // --seccomp none
		want  string               // in the advice; "" for none
	}{
		{"the lab is refused", nil, false, "class setup --nodes --image registry.example/wirelab:1 | kubectl apply -f -"},
		{"the lab is refused without a profile", nil, true, ""},
		{"the container is not made", waiting("CreateContainerError"), false, "class setup --nodes --image registry.example/wirelab:1 | kubectl apply -f -"},
		{"the image is not there", waiting("ErrImagePull"), false, "class image"},
	} {
		r := &run{Engine: &Engine{Options: Options{Image: "registry.example/wirelab:1", Seccomp: "profiles/wirelab.json"}}, said: map[string]bool{}, runs: map[string]bool{}}
		if test.state != nil {
			r.started = true // no clock of this test
			r.look(&core.Pod{Status: core.PodStatus{Phase: core.PodPending, ContainerStatuses: []core.ContainerStatus{{Name: containerName, State: *test.state}}}})
			if got := r.advice.String(); !strings.Contains(got, test.want) || strings.Contains(got, "--nodes") != strings.Contains(test.want, "--nodes") {
				t.Errorf("%s: the advice is %q, want %q", test.what, got, test.want)
			}
			continue
		}
		pretended := pretend(t, func(string, int) (int32, string) { return exit.Refused, words })
		pretended.api.PrependReactor("create", "selfsubjectaccessreviews", func(clienttesting.Action) (bool, runtime.Object, error) {
			return true, &authorization.SelfSubjectAccessReview{ObjectMeta: meta.ObjectMeta{}, Status: authorization.SubjectAccessReviewStatus{Allowed: true}}, nil
		})
		e := pretended.engine()
		if test.none {
			e.Seccomp = None
		}
		var last cluster.Finding
		if err := e.diagnose(t.Context(), func(f cluster.Finding) { last = f }); err != nil {
			t.Fatal(err)
		}
		if got := last.Advice.String(); last.What != "lab" || last.OK || !strings.Contains(last.Said.String(), "no namespaces here") || !strings.Contains(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("%s: %+v, want the advice %q", test.what, last, test.want)
		}
		pretended.nothingLeft()
	}
}
