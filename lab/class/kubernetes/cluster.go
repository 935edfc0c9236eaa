package kubernetes

import (
	"context"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/runtime"

	"wirelab/lab/class"
	"wirelab/lab/class/cluster"
)

// Cluster is Kubernetes for the commands of a class.
type Cluster struct{}

var _ cluster.Kubernetes = Cluster{}

// connect returns the engine of the cluster that the options mean.
func connect(o cluster.Options) (*Engine, error) {
	api, namespace, err := Connect(o.Context)
	if err != nil {
		return nil, err
	}
	e := &Engine{API: api, Options: Options(o)}
	if e.Namespace == "" {
		e.Namespace = namespace
	}
	return e, nil
}

// Engine implements cluster.Kubernetes.
func (Cluster) Engine(o cluster.Options) (class.Engine, error) { return connect(o) }

// Cancel implements cluster.Kubernetes.
func (Cluster) Cancel(ctx context.Context, o cluster.Options) error {
	e, err := connect(o)
	if err != nil {
		return err
	}
	return e.Cancel(ctx)
}

// Print implements cluster.Kubernetes.
func (Cluster) Print(w io.Writer, o cluster.Options, jobs []class.Job) error {
	opts := Options(o)
	if opts.Namespace == "" {
		_, namespace, err := Connect(o.Context)
		if err != nil {
			return err
		}
		opts.Namespace = namespace
	}
	first := true
	print := func(objects ...runtime.Object) error {
		text, err := YAML(objects)
		if err != nil {
			return err
		}
		if !first {
			text = append([]byte("---\n"), text...)
		}
		first = false
		_, err = w.Write(text)
		return err
	}
	if err := print(opts.networkPolicy()); err != nil {
		return err
	}
	refuse := func(job class.Job, err error) error {
		return fmt.Errorf("%s, %s: %w", job.Student, job.Experiment, err)
	}
	return opts.shards(jobs, refuse, func(s shard) error {
		job := opts.job(s)
		job.Spec.Suspend = new(opts.Queue != "") // whoever applies it wants it to begin
		return print(opts.configMap(s), job)
	})
}

// NamespaceSetup implements cluster.Kubernetes.
func (Cluster) NamespaceSetup(w io.Writer, namespace, teacher string, labs int) error {
	return write(w, NamespaceSetup(namespace, teacher, labs))
}

// NodesSetup implements cluster.Kubernetes.
func (Cluster) NodesSetup(w io.Writer, namespace, image, kubeletDir string) error {
	return write(w, NodesSetup(namespace, image, kubeletDir))
}

func write(w io.Writer, objects []runtime.Object) error {
	text, err := YAML(objects)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}
