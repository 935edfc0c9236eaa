package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/internal/self"
	"wirelab/lab/class"
	"wirelab/lab/class/cluster"
	"wirelab/lab/class/image"
	"wirelab/lab/class/seccomp"
)

// Names are the names of a class's commands.
func Names() []string {
	var names []string
	for _, c := range Part().Commands[0].Commands() {
		names = append(names, c.Name())
	}
	return names
}

// onCluster is what a command of a class knows of Kubernetes.
type onCluster struct {
	cluster.Options
	dry    bool
	format string
}

// clusterFlags gives a command the flags of --on kubernetes.
func clusterFlags(cmd *cobra.Command) *onCluster {
	o := &onCluster{}
	o.Flags(cmd)
	cmd.Flags().BoolVar(&o.dry, "dry-run", false, "")
	cmd.Flags().StringVarP(&o.format, "output", "o", yamlFormat, "")
	cmdline.Complete(cmd, "output", func() []string { return []string{yamlFormat} })
	return o
}

// yamlFormat is what --dry-run prints.
const yamlFormat = "yaml"

// ofCluster are the flags that mean nothing on this machine.
var ofCluster = []string{"context", "namespace", "image", "seccomp", "user-namespaces", "queue", "node-selector", "no-captures", "dry-run", "output"}

// allowed refuses flags that would change nothing, and options that lack something.
func (o *onCluster) allowed(cmd *cobra.Command, remote bool) error {
	if remote {
		if o.format != yamlFormat {
			return cmdline.OneOf("--output", o.format, yamlFormat)
		}
		return o.Check()
	}
	for _, name := range ofCluster {
		if cmd.Flags().Changed(name) {
			return exit.UsageMsg("kubernetes.elsewhere", "Flag", name)
		}
	}
	return nil
}

// mostOnCluster bounds the labs side by side on a cluster, which has bounds of its own.
const mostOnCluster = 10_000

func mostLabs(remote bool) int {
	if remote {
		return mostOnCluster
	}
	return class.MostLabs()
}

// changedFlags are the flags of a command line, as they are given to another one.
func changedFlags(cmd *cobra.Command) string {
	var b strings.Builder
	cmd.Flags().Visit(func(f *pflag.Flag) {
		value := strings.Trim(f.Value.String(), "[]") // of a map or a list
		if f.Name != "lang" {
			b.WriteString(" --" + f.Name + "=" + self.Quote(value))
		}
	})
	return b.String()
}

// engine is that of a course on the cluster.
func (o *onCluster) engine(c *class.Course) (class.Engine, error) {
	run, err := cluster.RunOf(c.Dir)
	if err != nil {
		return nil, exit.With(exit.Unable, err)
	}
	o.Run = run
	k, _ := cluster.Linked()
	engine, err := k.Engine(o.Options)
	return engine, exit.With(exit.Unable, err)
}

// print shows what a run would make on the cluster.
func (o *onCluster) print(w io.Writer, c *class.Course, students []string) error {
	run, err := cluster.RunOf(c.Dir)
	if err != nil {
		return exit.With(exit.Unable, err)
	}
	o.Run = run
	all, _ := c.Jobs()
	jobs, err := chosen(c, all, students)
	if err != nil {
		return err
	}
	k, _ := cluster.Linked()
	return exit.With(exit.Unable, k.Print(w, o.Options, c.Left(jobs)))
}

// cancelOnCluster removes what a course's runs have on the cluster.
func cancelOnCluster(ctx context.Context, c *class.Course, o cluster.Options) (i18n.Message, error) {
	k, here := cluster.Linked()
	if !here {
		return i18n.Message{}, cluster.Forward(ctx)
	}
	run, err := cluster.RunOf(c.Dir)
	if err == nil {
		o.Run = run
		err = k.Cancel(ctx, o)
	}
	return i18n.Msg("kubernetes.canceled"), exit.With(exit.Unable, err)
}

// setupCommand prints what whoever runs a cluster applies once.
func setupCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "setup", SuggestFor: []string{"rbac", "install"}, Args: cmdline.Args(0, 0)}
	f := cmd.Flags()
	namespace := f.StringP("namespace", "n", "wirelab", "")
	teacher := f.String("teacher", "", "")
	labs := f.IntP("labs", "j", 50, "")
	nodes := f.Bool("nodes", false, "")
	named := f.String("image", os.Getenv(cluster.ImageVariable), "")
	kubelet := f.String("kubelet", "/var/lib/kubelet", "")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		k, here := cluster.Linked()
		if *nodes && !cmd.Flags().Changed("namespace") {
			*namespace = "kube-system" // a teacher's admits no pod that writes on a node
		}
		switch {
		case *nodes && *named == "":
			return exit.UsageMsg("kubernetes.noimage", "Variable", cluster.ImageVariable)
		case !*nodes && *teacher == "":
			return exit.UsageMsg("kubernetes.noteacher")
		case *labs < 1 || *labs > mostOnCluster:
			return exit.UsageMsg("class.labs", "Number", *labs, "Most", mostOnCluster)
		case !here:
			return cluster.Forward(cmd.Context())
		case *nodes:
			return exit.With(exit.Unable, k.NodesSetup(cmd.OutOrStdout(), *namespace, *named, *kubelet))
		}
		return exit.With(exit.Unable, k.NamespaceSetup(cmd.OutOrStdout(), *namespace, *teacher, *labs))
	}
	return cmd
}

// seccompCommand prints or installs the profile with which a lab runs in a container.
func seccompCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "seccomp", Args: cmdline.Args(0, 0)}
	dir := cmd.Flags().String("install", "", "")
	wait := cmd.Flags().Bool("wait", false, "")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *dir == "" {
			_, err := cmd.OutOrStdout().Write(seccomp.Profile)
			return exit.With(exit.Unable, err)
		}
		path, err := seccomp.Install(*dir)
		if err != nil {
			return exit.With(exit.Unable, i18n.FileError(*dir, err))
		}
		if _, err := fmt.Fprintln(cmd.OutOrStdout(), path); err != nil {
			return exit.With(exit.Unable, err)
		}
		if *wait { // a DaemonSet's container that ends is started again
			ctx, cancel := cmdline.Interruptible(cmd.Context())
			defer cancel()
			<-ctx.Done()
		}
		return nil
	}
	return cmd
}

// imageCommand writes an image of this program.
func imageCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "image FILE", Args: cmdline.Args(1, 1)}
	name := cmd.Flags().String("name", image.DefaultName, "")
	arch := cmd.Flags().String("arch", "", "")
	root := cmd.Flags().String("root", "", "")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx, cancel := cmdline.Interruptible(cmd.Context())
		defer cancel()
		if err := image.Write(ctx, args[0], *name, *arch, *root); err != nil {
			return exit.With(exit.Unable, err)
		}
		_, err := fmt.Fprintln(cmd.OutOrStdout(), *name)
		return exit.With(exit.Unable, err)
	}
	return cmd
}
