package cli

import (
	"errors"
	"os"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/lab/class"
	"wirelab/lab/class/pack"
)

// terminationLog is where kubelet finds a container's last words
// (terminationMessagePath).
const terminationLog = "/dev/termination-log"

// inPod does the job of a pod of Kubernetes: the exit code says whether another pod should
// try, the result is the container's termination message, and what was captured is in its
// log. The message is written when the lab has ended, so that no program of the lab can
// have written it.
func inPod(cmd *cobra.Command, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return exit.With(exit.TryAgain, i18n.FileError(path, err))
	}
	defer f.Close()
	job, err := pack.ReadJob(f)
	if err != nil {
		return exit.With(exit.TryAgain, err)
	}
	ctx, cancel := cmdline.Interruptible(cmd.Context())
	defer cancel()
	r, files := class.Carry(ctx, backend(), job)
	if job.Kind == class.Capture {
		files = nil // whoever handed it in has it
	}
	message, lines, err := handIn(r, files)
	if err != nil {
		return exit.With(exit.TryAgain, err)
	}
	if _, err := cmd.OutOrStdout().Write(lines); err != nil {
		return exit.With(exit.TryAgain, err)
	}
	if err := os.WriteFile(terminationLog, []byte(message), 0o644); err != nil {
		return exit.With(exit.TryAgain, i18n.FileError(terminationLog, err))
	}
	if r.Reason != nil && r.Status != class.Done {
		return exit.With(statusCode(r.Status), r.Reason.Err()) // for whoever reads the log
	}
	return exit.Silent(statusCode(r.Status))
}

// handIn packs a result and its files. Files that are too large for a log are left out,
// which the result then says.
func handIn(r class.Result, files []class.File) (message string, lines []byte, err error) {
	for {
		message, whole, err := pack.Encode(r)
		if err != nil {
			return "", nil, err
		}
		all := files
		if whole != nil {
			all = append(all[:len(all):len(all)], pack.WholeFile(whole))
		}
		lines, err := pack.Log(all)
		if !errors.Is(err, pack.ErrLarge) || len(files) == 0 {
			return message, lines, err
		}
		note := i18n.Msg("kubernetes.log", "Most", pack.MaxLog>>20)
		r.Note, files = &note, nil
	}
}
