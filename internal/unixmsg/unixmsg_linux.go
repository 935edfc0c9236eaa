// Package unixmsg sends and receives messages in JSON, which may bring files along, over
// unix sockets of type SOCK_SEQPACKET (unix(7)).
package unixmsg

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
)

// maxMessage bounds a message in bytes: the environment of a command is the largest thing
// in one. It stays below the kernel's default socket buffer.
const maxMessage = 160 << 10

// Send writes a message with the descriptors of files.
func Send(c *net.UnixConn, message any, files ...*os.File) error {
	b, err := json.Marshal(message)
	if err != nil {
		return err
	}
	if len(b) > maxMessage {
		return fmt.Errorf("a request of %d bytes; the environment and arguments may have %d", len(b), maxMessage)
	}
	var fds []int
	for _, f := range files {
		fds = append(fds, int(f.Fd()))
	}
	var rights []byte
	if len(fds) > 0 {
		rights = syscall.UnixRights(fds...)
	}
	_, _, err = c.WriteMsgUnix(b, rights, nil)
	return err
}

// maxFiles is the number of descriptors that a message may bring.
const maxFiles = 3

// messages are buffers for messages: several requests of each host come when a lab does.
var messages = sync.Pool{New: func() any { return new([maxMessage]byte) }}

// Receive reads a message and the files that came with it, which are the
// caller's to close. The end of the socket is io.EOF.
func Receive(c *net.UnixConn, message any) ([]*os.File, error) {
	buffer := messages.Get().(*[maxMessage]byte)
	defer messages.Put(buffer)
	b, rights := buffer[:], make([]byte, syscall.CmsgSpace(4*maxFiles))
	n, m, flags, _, err := c.ReadMsgUnix(b, rights)
	if err != nil {
		return nil, err
	}
	var files []*os.File
	controls, err := syscall.ParseSocketControlMessage(rights[:m])
	if err != nil {
		return nil, err
	}
	for _, control := range controls {
		fds, err := syscall.ParseUnixRights(&control)
		if err != nil {
			continue // another kind of control message
		}
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "received"))
		}
	}
	switch {
	case n == 0:
		err = io.EOF // of a SOCK_SEQPACKET socket
	case flags&(syscall.MSG_TRUNC|syscall.MSG_CTRUNC) != 0:
		err = errors.New("a message was cut")
	default:
		err = json.Unmarshal(b[:n], message)
	}
	if err != nil {
		CloseAll(files)
		return nil, err
	}
	return files, nil
}

// CloseAll closes files that were received.
func CloseAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
