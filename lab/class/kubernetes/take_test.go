package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clienttesting "k8s.io/client-go/testing"
)

// A log is read again as long as the API server is away; what it has answered counts as a try.
func TestUnanswered(t *testing.T) {
	pods := schema.GroupResource{Resource: "pods"}
	for _, test := range []struct {
		err  error
		want bool
	}{
		{fmt.Errorf("dial tcp: %w", errors.New("connection refused")), true},
		{io.ErrUnexpectedEOF, true},
		{apierrors.NewNotFound(pods, "x"), false},
		{apierrors.NewInternalError(errors.New("dial tcp 10.0.0.1:10250: no route to host")), false}, // a node that is away
		{context.DeadlineExceeded, false},
		{errUnreadable{errors.New("gzip: invalid header")}, false},
	} {
		if got := unanswered(test.err); got != test.want {
			t.Errorf("%v: unanswered is %v", test.err, got)
		}
	}
}

// A stream that breaks off is told from one that ends with nonsense.
func TestBreaking(t *testing.T) {
	gone := errors.New("connection reset")
	b := &breaking{Reader: io.MultiReader(strings.NewReader("some"), iotest.ErrReader(gone))}
	if _, err := io.ReadAll(b); !errors.Is(err, gone) || !errors.Is(b.err, gone) {
		t.Errorf("broke off with %v, noted %v", err, b.err)
	}
	b = &breaking{Reader: strings.NewReader("all")}
	if _, err := io.ReadAll(b); err != nil || b.err != nil {
		t.Errorf("ended with %v, noted %v", err, b.err)
	}
}

// A result whose capture is not in the pod's log says so.
func TestCaptureIsNotInLog(t *testing.T) {
	ok := passed(t)
	for _, without := range []bool{false, true} {
		cluster := pretend(t, func(string, int) (int32, string) { return 0, ok }) // the fake's log is "fake logs"
		e := cluster.engine()
		e.NoCaptures = without
		got := delivered{}
		if err := e.Run(t.Context(), course(t, 1, ping, nil), got.take(t)); err != nil {
			t.Fatal(err)
		}
		for _, r := range got {
			if said := r.Note != nil && r.Note.Code == "kubernetes.lost"; said == without {
				t.Errorf("no captures wanted: %v; note %v", without, r.Note)
			}
		}
	}
}

// An API server that has just started refuses what it allows a moment later.
func TestRefusalIsDoubted(t *testing.T) {
	ok := passed(t)
	cluster := pretend(t, func(string, int) (int32, string) { return 0, ok })
	left := 2
	cluster.api.PrependReactor("list", "jobs", func(clienttesting.Action) (bool, runtime.Object, error) {
		if left == 0 {
			return false, nil, nil
		}
		left--
		return true, nil, apierrors.NewForbidden(schema.GroupResource{Group: "batch", Resource: "jobs"}, "", errors.New("as roles are not read yet"))
	})
	got := delivered{}
	if err := cluster.engine().Run(t.Context(), course(t, 3, ping, nil), got.take(t)); err != nil || len(got) != 3 {
		t.Errorf("%d results, error %v", len(got), err)
	}
}
