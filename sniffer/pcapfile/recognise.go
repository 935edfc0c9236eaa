package pcapfile

import "os"

// IsCapture reports whether the file at path begins as a capture file does. It is false
// for anything but a regular file: reading from a pipe would lose what was read.
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
