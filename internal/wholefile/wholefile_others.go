//go:build !linux

package wholefile

import "os"

func unnamed(string, uint32) (*os.File, error) { return nil, errUnnamed }

func name(*os.File, string) error { return errUnnamed }
