package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"wirelab/internal/cmdline"
	"wirelab/internal/columns"
	"wirelab/internal/display"
	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/internal/suggest"
	"wirelab/lab"
)

func modeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:        "mode [SEGMENT] hub|switch",
		SuggestFor: []string{"hub", "switch"},
		GroupID:    cmdline.Lab,
		Args:       cmdline.Args(1, 2),
	}
	name := labFlag(cmd)
	modes := []string{string(lab.Hub), string(lab.Switch)}
	cmdline.CompleteArgs(cmd, func(args []string, _ string) []string {
		known := slices.Clone(modes)
		if up, err := openLab(cmd.Context(), *name); err == nil {
			defer up.Network.Close()
			if len(args) == 0 && len(up.Segments) > 1 {
				known = append(known, up.SegmentNames()...)
			}
		}
		if len(args) > 1 || len(args) == 1 && slices.Contains(modes, args[0]) {
			return nil
		}
		return known
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		wanted := args[:len(args)-1] // segments
		word := args[len(args)-1]
		mode, err := lab.ParseMode(word)
		if err != nil {
			return cmdline.OneOf("mode", word, modes...)
		}
		up, err := openLab(cmd.Context(), *name)
		if err != nil {
			return unableIn(cmd.Context(), err)
		}
		return unableIn(cmd.Context(), leave(setMode(cmd, up, wanted, mode), up))
	}
	return cmd
}

// setMode sets the mode of the segments that are wanted, or of all.
func setMode(cmd *cobra.Command, up *standing, wanted []string, mode lab.Mode) error {
	known := up.SegmentNames()
	if len(wanted) == 0 {
		wanted = known
	}
	for _, segment := range wanted {
		if !slices.Contains(known, segment) {
			return exit.UsageMsg("lab.segment.unknown", "Segment", segment, "Hint", suggest.Hint(segment, known), "Known", known)
		}
		if err := up.Network.Segment(segment).SetMode(cmd.Context(), mode); err != nil {
			return err
		}
		said := i18n.Msg("mode.hub")
		if mode == lab.Switch {
			said = i18n.Msg("mode.switch")
		}
		text := said.In(cmdline.Lang(cmd))
		if len(known) > 1 {
			text = segment + "  " + text
		}
		width := display.Of(cmd.OutOrStdout()).Width
		if _, err := fmt.Fprintln(cmd.OutOrStdout(), strings.Join(columns.Wrap(text, width, width), "\n")); err != nil {
			return exit.With(exit.Unable, err)
		}
	}
	return nil
}
