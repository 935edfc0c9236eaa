package pack

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"wirelab/lab/class"
)

const (
	// wholeFile is the name of the whole result's document among the files of a log.
	wholeFile = "result.json"

	// logMark begins each line of the log that is part of the files.
	logMark = "@wl1 "

	// logLine bounds what a line has behind the mark: a runtime cuts lines at 16 KiB
	// (containerd, max_container_log_line_size).
	logLine = 12 << 10

	// MaxLog bounds the lines of a log, in bytes: kubelet begins another file at 10 MiB
	// (containerLogMaxSize), and shows the newest alone.
	MaxLog = 8 << 20

	// maxFiles bounds the number of a log's files, and maxFileBytes what they unpack to.
	maxFiles     = 4
	maxFileBytes = class.MaxCapture + class.MaxResult
)

// Log returns the lines of the log that have files in them, ErrLarge where they are more
// than a log holds.
func Log(files []class.File) ([]byte, error) {
	if len(files) == 0 {
		return nil, nil
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	t := tar.NewWriter(z)
	for _, f := range files {
		if err := t.WriteHeader(&tar.Header{Name: f.Name, Mode: 0o644, Size: int64(len(f.Data))}); err != nil {
			return nil, err
		}
		if _, err := t.Write(f.Data); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(t.Close(), z.Close()); err != nil {
		return nil, err
	}
	var lines bytes.Buffer
	text := base64.StdEncoding.AppendEncode(nil, packed.Bytes())
	for len(text) > 0 {
		n := min(len(text), logLine)
		fmt.Fprintf(&lines, "%s%s\n", logMark, text[:n])
		text = text[n:]
	}
	if lines.Len() > MaxLog {
		return nil, ErrLarge
	}
	return lines.Bytes(), nil
}

// ReadLog reads the files of a log, of which it reads 1 MiB more than MaxLog at most: of
// other lines it takes no notice. It returns none or all: what is not whole is an error.
func ReadLog(r io.Reader) ([]class.File, error) {
	var text []byte
	lines := bufio.NewReaderSize(io.LimitReader(r, MaxLog+1<<20), 2*logLine)
	for {
		line, cut, err := lines.ReadLine()
		if part, ok := bytes.CutPrefix(line, []byte(logMark)); ok && !cut {
			text = append(text, part...)
		}
		for cut && err == nil { // longer than any of ours
			_, cut, err = lines.ReadLine()
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if len(text) == 0 {
		return nil, nil
	}
	packed, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return readFiles(&io.LimitedReader{R: z, N: maxFileBytes + 64<<10})
}

// readFiles reads a tar of a few files.
func readFiles(r *io.LimitedReader) ([]class.File, error) {
	var files []class.File
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			_, err := io.Copy(io.Discard, r) // to the checksum behind the tar
			if r.N == 0 {
				err = ErrLarge
			}
			if err != nil {
				return nil, err
			}
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if h.Typeflag != tar.TypeReg || h.Name != filepath.Base(h.Name) || len(files) == maxFiles {
			return nil, fmt.Errorf("a log with the file %q", h.Name)
		}
		b, err := io.ReadAll(t)
		if err != nil {
			return nil, err
		}
		files = append(files, class.File{Name: h.Name, Data: b})
	}
}

// WholeFile is a whole result's document as a file of the log.
func WholeFile(document []byte) class.File { return class.File{Name: wholeFile, Data: document} }
