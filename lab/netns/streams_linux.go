package netns

import (
	"io"
	"os"
	"sync"
	"time"

	"wirelab/internal/unixmsg"
	"wirelab/lab"
)

// streams are the pipes between a command on a host and a lab.Cmd.
type streams struct {
	theirs [3]*os.File
	ours   [3]*os.File
	copies sync.WaitGroup // of stdout and stderr
}

func openStreams(cmd lab.Cmd) (*streams, error) {
	s := &streams{}
	for i := range s.theirs {
		used := i == 0 && cmd.Stdin != nil || i == 1 && cmd.Stdout != nil || i == 2 && cmd.Stderr != nil
		var err error
		switch {
		case !used:
			s.theirs[i], err = os.OpenFile(os.DevNull, os.O_RDWR, 0)
		case i == 0:
			s.theirs[i], s.ours[i], err = os.Pipe()
		default:
			s.ours[i], s.theirs[i], err = os.Pipe()
		}
		if err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

// begin copies between the pipes and the command's readers and writers. The
// reader may block for as long as it likes: nobody waits for its copy, and
// writing to a command that has ended fails.
func (s *streams) begin(cmd lab.Cmd) {
	unixmsg.CloseAll(s.theirs[:])
	if in := s.ours[0]; in != nil {
		go func() {
			io.Copy(in, cmd.Stdin)
			in.Close()
		}()
	}
	for i, w := range []io.Writer{nil, cmd.Stdout, cmd.Stderr} {
		if from := s.ours[i]; from != nil && i > 0 {
			s.copies.Go(func() { io.Copy(w, from) })
		}
	}
}

// drainTimeout bounds the wait for output after a command has ended: something
// that it left running may hold the pipe open.
const drainTimeout = 2 * time.Second

func (s *streams) drain() {
	for _, f := range s.ours[1:] {
		if f != nil {
			f.SetReadDeadline(time.Now().Add(drainTimeout))
		}
	}
	s.copies.Wait()
}

func (s *streams) close() {
	for i := range s.ours {
		if s.theirs[i] != nil {
			s.theirs[i].Close()
		}
		if s.ours[i] != nil {
			s.ours[i].Close()
		}
	}
}
