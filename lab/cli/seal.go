package cli

import (
	"errors"
	"os"

	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/internal/safetext"
	"wirelab/lab/seal"
)

// checkSeal says that a capture is as a lab of the course wrote it whose public key is in
// a file. One that is not proves nothing: its error is that of an inconclusive verdict.
func checkSeal(file *os.File, keyFile string) (i18n.Message, error) {
	key, err := seal.PublicKey(keyFile)
	if err != nil {
		return i18n.Message{}, exit.With(exit.Usage, err)
	}
	capture := file.Name()
	info, err := file.Stat()
	if err != nil {
		return i18n.Message{}, exit.With(exit.Unable, i18n.FileError(capture, err))
	}
	label, err := seal.Verify(file, info.Size(), key)
	switch {
	case errors.Is(err, seal.ErrUnsigned):
		err = i18n.Errmsg("seal.unsigned", "File", capture)
	case errors.Is(err, seal.ErrOtherKey):
		err = i18n.Errmsg("seal.otherkey", "File", capture)
	case errors.Is(err, seal.ErrAltered):
		err = i18n.Errmsg("seal.altered", "File", capture)
	case err != nil:
		return i18n.Message{}, exit.With(exit.Unable, i18n.FileError(capture, err))
	}
	return i18n.Msg("seal.signed", "File", safetext.Escape(capture), "Label", safetext.Escape(label)), exit.With(exit.Inconclusive, err)
}
