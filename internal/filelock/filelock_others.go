//go:build !unix

package filelock

import "os"

// Lock does nothing here.
func Lock(*os.File) error { return nil }

// Unlock does nothing here.
func Unlock(*os.File) error { return nil }

// Taken is false here: nobody locks.
func Taken(*os.File) (bool, error) { return false, nil }
