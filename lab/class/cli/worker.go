package cli

import (
	"bytes"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/internal/wholefile"
	"wirelab/lab/class"
	"wirelab/lab/report"
)

// workerCommand does one job. Engines start it where the job is carried out.
func workerCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:    "worker JOB",
		Args:   cmdline.Args(1, 1),
		Hidden: true,
	}
	dir := cmd.Flags().StringP("output", "o", "", "")
	pod := cmd.Flags().Bool("pod", false, "")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *pod {
			return inPod(cmd, args[0])
		}
		job, err := readJob(args[0], cmd.InOrStdin())
		if err != nil {
			return exit.With(exit.Usage, err)
		}
		ctx, cancel := cmdline.Interruptible(cmd.Context())
		defer cancel()
		r, files := class.Carry(ctx, backend(), job)
		if err := handOver(cmd.OutOrStdout(), *dir, r, files); err != nil {
			return exit.With(exit.TryAgain, err)
		}
		return exit.Silent(statusCode(r.Status))
	}
	return cmd
}

// readJob reads the job document of a file, or of the standard input.
func readJob(path string, stdin io.Reader) (class.Job, error) {
	if path == "-" {
		return class.ReadJob(stdin)
	}
	f, err := os.Open(path)
	if err != nil {
		return class.Job{}, i18n.FileError(path, err)
	}
	defer f.Close()
	return class.ReadJob(f)
}

// handOver prints a result, and writes it behind its files in a folder where one is
// given.
func handOver(w io.Writer, dir string, r class.Result, files []class.File) error {
	var b bytes.Buffer
	if err := report.EncodeJSON(&b, r); err != nil {
		return err
	}
	if dir != "" {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return i18n.FileError(dir, err)
		}
		for _, f := range append(files, class.File{Name: "result.json", Data: b.Bytes()}) {
			path := filepath.Join(dir, f.Name)
			if err := wholefile.WriteBytes(path, f.Data, 0o644); err != nil {
				return i18n.FileError(path, err)
			}
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}
