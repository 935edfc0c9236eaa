//go:build !linux

package capture

import (
	"errors"
	"fmt"
	"net"
	"runtime"

	"wirelab/sniffer"
)

var errUnsupported = fmt.Errorf("live capture on %s: %w", runtime.GOOS, errors.ErrUnsupported)

type ring struct{ interfaces []Interface }

func open(*net.Interface, Config) (*ring, error) { return nil, errUnsupported }

func (*ring) frames(dst []sniffer.Frame) ([]sniffer.Frame, error) { return dst, errUnsupported }
func (*ring) buffered() bool                                      { return false }
func (*ring) stop() error                                         { return errUnsupported }
func (*ring) statistics() (Statistics, error)                     { return Statistics{}, errUnsupported }
func (*ring) close() error                                        { return errUnsupported }
