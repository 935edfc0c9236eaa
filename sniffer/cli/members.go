package cli

import (
	"bytes"
	"compress/gzip"
	"io"
)

// members compresses what it is given. Each Write becomes a member of the file (RFC
// 1952, section 2.2), so that what was written can be read, and a failed Write leaves
// whole ones.
type members struct {
	to  io.Writer
	z   *gzip.Writer
	buf bytes.Buffer
}

func (m *members) Write(p []byte) (int, error) {
	m.buf.Reset()
	if m.z == nil {
		m.z = gzip.NewWriter(&m.buf)
	} else {
		m.z.Reset(&m.buf)
	}
	if _, err := m.z.Write(p); err != nil {
		return 0, err
	}
	if err := m.z.Close(); err != nil {
		return 0, err
	}
	if _, err := m.to.Write(m.buf.Bytes()); err != nil {
		return 0, err
	}
	return len(p), nil
}
