// Package cluster is how commands reach Kubernetes without linking its client: they know
// the options, and hand their command line to a second program, wirelab-class, in which
// the client is linked. In wirelab-class the same commands find it here (Link).
package cluster

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/internal/wholefile"
	"wirelab/lab/class"
	"wirelab/lab/class/seccomp"
)

// The values of --on: this machine, and a cluster.
const (
	thisMachine = "local"
	aCluster    = "kubernetes"
)

func places() []string { return []string{thisMachine, aCluster} }

// On gives a command the flag --on, and returns what reads it: whether a cluster is
// meant, or the error of a word that is no place.
func On(cmd *cobra.Command) (read func() (remote bool, err error)) {
	on := cmd.Flags().String("on", thisMachine, "")
	cmdline.Complete(cmd, "on", places)
	return func() (bool, error) {
		if !slices.Contains(places(), *on) {
			return false, cmdline.OneOf("--on", *on, places()...)
		}
		return *on == aCluster, nil
	}
}

// Options say which cluster is used, and how.
type Options struct {
	Context        string            // of the kubeconfig, "" for the current one
	Namespace      string            // "" for that of the context
	Image          string            // of wirelab, which the nodes can pull or have
	Seccomp        string            // the Localhost profile on the nodes, below the kubelet's folder seccomp; "none" for none
	UserNamespaces bool              // pods have user namespaces of their own (hostUsers: false)
	Queue          string            // of Kueue, which then says when the run's Jobs begin; "" without Kueue
	NodeSelector   map[string]string // labels of the nodes that may be used, whose taints of the same key are tolerated
	NoCaptures     bool              // results alone are brought back

	Labs int                // side by side; 0 for the engine's own number
	Run  string             // the id of the course's runs (RunOf)
	Say  func(i18n.Message) // is told what people should know meanwhile, from any goroutine; may be nil
}

// ImageVariable names the environment variable that names the image.
const ImageVariable = "WIRELAB_IMAGE"

// Flags gives a command the options as flags.
func (o *Options) Flags(cmd *cobra.Command) {
	o.Where(cmd)
	f := cmd.Flags()
	f.StringVar(&o.Image, "image", os.Getenv(ImageVariable), "")
	f.StringVar(&o.Seccomp, "seccomp", seccomp.Name, "")
	f.BoolVar(&o.UserNamespaces, "user-namespaces", false, "")
	f.StringVar(&o.Queue, "queue", "", "")
	f.StringToStringVar(&o.NodeSelector, "node-selector", nil, "")
	f.BoolVar(&o.NoCaptures, "no-captures", false, "")
}

// Where gives a command those of the flags that say which cluster is meant.
func (o *Options) Where(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.Context, "context", "", "")
	cmd.Flags().StringVarP(&o.Namespace, "namespace", "n", "", "")
}

// Check refuses options that lack something.
func (o *Options) Check() error {
	if o.Image == "" {
		return exit.UsageMsg("kubernetes.noimage", "Variable", ImageVariable)
	}
	return nil
}

// Kubernetes is what wirelab-class links.
type Kubernetes interface {
	// Engine returns the engine of a cluster. It asks the cluster nothing yet.
	Engine(Options) (class.Engine, error)
	// Cancel ends a run and removes all that it has on the cluster.
	Cancel(context.Context, Options) error
	// Print writes what a run of the jobs would make, as YAML.
	Print(io.Writer, Options, []class.Job) error
	// Diagnose tries what a run needs, one thing after the other, and calls found with
	// each. It stops at the first that is missing.
	Diagnose(ctx context.Context, o Options, found func(Finding)) error
	// NamespaceSetup and NodesSetup write what whoever runs a cluster applies once, as
	// YAML.
	NamespaceSetup(w io.Writer, namespace, teacher string, labs int) error
	NodesSetup(w io.Writer, namespace, image, kubeletDir string) error
}

// Finding is one thing that a run needs of a cluster.
type Finding struct {
	What   string       // its id: api, rights, namespace, lab
	OK     bool         //
	Said   i18n.Message // what was found
	Advice i18n.Message // what to do; zero where nothing is
}

var linked Kubernetes

// Link says that Kubernetes is linked into this program. Only main calls it, before
// anything else.
func Link(k Kubernetes) { linked = k }

// Linked returns Kubernetes where it is linked into this program.
func Linked() (Kubernetes, bool) { return linked, linked != nil }

// runFile has the id of a course's runs on clusters, in the course's folder.
const runFile = ".kubernetes"

var runID = regexp.MustCompile(`^[a-z0-9]{12}$`)

// RunOf returns the id of a course's runs: 12 letters and digits that nobody else has. It
// is made by chance when it is first asked for, and kept in the course's folder, so that
// whoever has the folder finds the run.
func RunOf(folder string) (string, error) {
	path := filepath.Join(folder, runFile)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		id := NewRun()
		if err := wholefile.WriteBytes(path, []byte(id+"\n"), 0o644); err != nil {
			return "", i18n.FileError(path, err)
		}
		return id, nil
	}
	if err != nil {
		return "", i18n.FileError(path, err)
	}
	id := strings.TrimSpace(string(b))
	if !runID.MatchString(id) {
		return "", i18n.Errmsg("kubernetes.run", "File", path)
	}
	return id, nil
}

// NewRun returns an id that no run has.
func NewRun() string { return strings.ToLower(rand.Text()[:12]) }
