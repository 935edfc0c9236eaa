package cli

import (
	"context"
	"errors"
	"io"
	"os"

	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/internal/safetext"
)

// sink is where records or lines go, whole ones with each Write. What a Write
// that fails leaves of them is cut off a file again. Its error is told once:
// what comes later is dropped without one.
type sink struct {
	to     io.Writer
	failed bool
}

func (s *sink) Write(p []byte) (int, error) {
	if s.failed {
		return len(p), nil
	}
	n, err := s.to.Write(p)
	if err != nil {
		s.failed = true
		if f, ok := s.to.(*os.File); ok && n > 0 {
			cutOff(f, int64(n))
		}
	}
	return n, err
}

// cutOff takes back the last n bytes that were written to a file, unless
// another has written behind them.
func cutOff(f *os.File, n int64) {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return
	}
	if at, err := f.Seek(0, io.SeekCurrent); err == nil && at == info.Size() && f.Truncate(at-n) == nil {
		_, _ = f.Seek(at-n, io.SeekStart)
	}
}

// claim notes that an option uses a file, which an output must not.
func (s *session) claim(what string, info os.FileInfo) {
	s.claimed = append(s.claimed, claimed{what, info})
}

// free refuses an output that is a file in use: it would destroy that. Devices and
// sockets may be used twice.
func (s *session) free(what string, info os.FileInfo) error {
	if !info.Mode().IsRegular() && info.Mode()&os.ModeNamedPipe == 0 {
		return nil
	}
	for _, other := range s.claimed {
		if os.SameFile(info, other.FileInfo) {
			return exit.UsageMsg("sniff.samefile", "One", other.what, "Other", what)
		}
	}
	return nil
}

// claimed is a file that an option uses.
type claimed struct {
	what string // the option
	os.FileInfo
}

// statOf returns what is known of a stream, nil if it is no file.
func statOf(stream any) os.FileInfo {
	if f, ok := stream.(*os.File); ok {
		if info, err := f.Stat(); err == nil {
			return info
		}
	}
	return nil
}

// create makes the file of an output, or empties the one that is there.
func (s *session) create(what, name string) (*os.File, error) {
	if info, err := os.Stat(name); err == nil {
		if err := s.free(what+" "+safetext.Escape(name), info); err != nil {
			return nil, err
		}
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		code := exit.Failed
		if errors.Is(err, os.ErrPermission) || errors.Is(err, os.ErrNotExist) {
			code = exit.Usage
		}
		return nil, exit.With(code, i18n.FileError(name, err))
	}
	return f, nil
}

// source opens what -r names. Opening a pipe waits for its writer and reading it
// for what is written, neither of which can be called off: the end of ctx ends
// what is returned, and the goroutine behind it ends with the process.
func (s *session) source(ctx context.Context, name string, stdin io.Reader) (io.ReadCloser, error) {
	if name == "-" {
		if info := statOf(stdin); info != nil {
			s.claim("standard input", info)
		}
		return waiting(ctx, func() (io.ReadCloser, error) { return io.NopCloser(stdin), nil }), nil
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, exit.With(exit.Usage, i18n.FileError(name, err))
	}
	s.claim("-r "+safetext.Escape(name), info)
	open := func() (io.ReadCloser, error) {
		f, err := os.Open(name)
		if err != nil {
			err = exit.With(exit.Usage, i18n.FileError(name, err))
		}
		return f, err
	}
	if info.Mode().IsRegular() {
		return open()
	}
	return waiting(ctx, open), nil
}

// waiting reads a source in a goroutine of its own.
func waiting(ctx context.Context, open func() (io.ReadCloser, error)) io.ReadCloser {
	r, w := io.Pipe()
	stop := context.AfterFunc(ctx, func() { w.Close() })
	go func() {
		defer stop()
		src, err := open()
		if err == nil {
			_, err = io.CopyBuffer(w, struct{ io.Reader }{src}, make([]byte, 256<<10))
			src.Close()
		}
		w.CloseWithError(err)
	}()
	return r
}
