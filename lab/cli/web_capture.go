package cli

import (
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"

	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/internal/webguard"
	"wirelab/lab"
	"wirelab/lab/web"
)

// shownLab is a lab that the page cannot reach but by what it is given: the capture file
// that its sniffer writes, and the socket of its chat server.
type shownLab struct {
	capture string // path; "" for none
	chat    string // path; "" for none
	address string // HOST:PORT by which people reach the page; "" where it listens
}

// show has a page show the lab.
func (o *shownLab) show(p *page) error {
	if o.capture != "" {
		if _, err := os.Stat(o.capture); err != nil {
			return exit.With(exit.Usage, i18n.FileError(o.capture, err))
		}
		file := growingFile(o.capture)
		p.labs, p.opened, p.captureOnly = file, file.name(), true
	}
	if o.chat != "" {
		p.chat = func(ctx context.Context) (net.Conn, error) { return new(net.Dialer).DialContext(ctx, "unix", o.chat) }
		p.teacher = webguard.NewToken()
	}
	if o.address != "" {
		host, port, err := net.SplitHostPort(o.address)
		if err != nil || port == "" {
			return exit.UsageMsg("web.address", "Address", o.address)
		}
		// Where a port is published on all addresses, this machine's own is one.
		if a, err := netip.ParseAddr(host); err == nil && a.IsUnspecified() || host == "" {
			host, p.anywhere = "127.0.0.1", true
		}
		p.published = net.JoinHostPort(host, port)
	}
	return nil
}

// growingFile is a capture file that the sniffer of a lab elsewhere still writes.
type growingFile string

var _ web.Labs = growingFile("")

func (f growingFile) name() string { return filepath.Base(string(f)) }

// List implements web.Labs.
func (f growingFile) List(context.Context) ([]web.Standing, error) {
	return []web.Standing{{Name: f.name(), Segments: []web.StandingSegment{}}}, nil
}

// Watch implements web.Labs.
func (f growingFile) Watch(_ context.Context, name string) (*web.Watched, error) {
	if name != f.name() {
		return nil, i18n.Errmsg("web.nolabs")
	}
	ctx, cancel := context.WithCancel(context.Background())
	source, err := web.Grow(ctx, string(f))
	if err != nil {
		cancel()
		return nil, err
	}
	return &web.Watched{Source: source, Leave: func() error {
		cancel()
		<-source.Ended()
		return nil
	}}, nil
}

// SetMode implements web.Labs: who has the file alone cannot reach the bridge.
func (growingFile) SetMode(context.Context, string, string, lab.Mode) error {
	return i18n.Errmsg("web.noswitch")
}
