package pcapfile

import "os"

// IsCapture reports whether a path is that of a file which begins as a capture
// does. It reads regular files alone: a pipe would lose what was read.
func IsCapture(path string) bool {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	_, err = NewReader(f)
	return err == nil
}
