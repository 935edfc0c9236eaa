package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"

	"github.com/mdp/qrterminal/v3"
	"github.com/spf13/cobra"

	"wirelab/chat/server"
	"wirelab/chat/web"
	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/internal/inline"
	"wirelab/internal/lang"
	"wirelab/internal/ownaddress"
	"wirelab/internal/webguard"
)

// webOptions are the flags about the page for browsers.
type webOptions struct {
	web     bool
	address string // by which other devices reach the page: an IP address or name; "auto"; empty for this machine alone
	proxy   string // Unix socket on which the page is served to a proxy; empty for none
	roles   bool   // the proxy says who is the teacher
}

// auto stands for the address that this machine has on the network.
const auto = "auto"

func (o *webOptions) add(c *cobra.Command) {
	c.Flags().BoolVar(&o.web, "web", false, "")
	c.Flags().StringVar(&o.address, "web-address", "", "")
	c.Flags().StringVar(&o.proxy, "web-proxy", "", "")
	c.Flags().BoolVar(&o.roles, "web-proxy-roles", false, "")
}

// on reports whether there is a page.
func (o *webOptions) on() bool { return o.web || o.address != "" }

// check refuses a page that nobody could open, given the address of the TCP port.
func (o *webOptions) check(tcp string) error {
	if o.roles && o.proxy == "" {
		return exit.UsageMsg("chat.mistake.web.roles")
	}
	if !o.on() {
		return nil
	}
	if tcp == "" {
		return exit.UsageMsg("chat.mistake.web.tcp")
	}
	host, _, err := net.SplitHostPort(tcp)
	if err != nil {
		return nil // listening says what is wrong with it
	}
	at, err := netip.ParseAddr(host)
	switch named := err == nil && !at.IsUnspecified(); {
	case o.address == "" && named && !at.IsLoopback():
		return exit.UsageMsg("chat.mistake.web.local", "Address", host)
	case o.address == auto && (named && at.IsLoopback() || host == "localhost"):
		return exit.UsageMsg("chat.mistake.web.loopback", "Address", host)
	case !linkable(o.address):
		return exit.UsageMsg("chat.mistake.web.address", "Word", o.address)
	}
	return nil
}

// linkable reports whether a link can have an address of --web-address in it.
func linkable(address string) bool {
	if address == "" || address == auto {
		return true
	}
	if a, err := netip.ParseAddr(address); err == nil {
		return !a.IsUnspecified() && a.Zone() == ""
	}
	return len(address) <= 253 && !strings.ContainsFunc(address, func(r rune) bool {
		return r != '-' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// page is where people chat in a browser.
type page struct {
	link, teacher string
	local         bool // for this machine alone
}

// openPage has a server that listens serve the page. What it returns is nil where only a
// proxy has the page.
func openPage(s *server.Server, o options, log *slog.Logger) (*page, error) {
	config := webguard.Config{Logger: log, Limits: webLimits(o.limits), ProxyRoles: o.web.roles}
	var p *page
	var err error
	if o.web.on() {
		if p, err = linkPage(s, o, &config); err != nil {
			return nil, err
		}
	}
	var proxy net.Listener
	if o.web.proxy != "" {
		if proxy, err = listenUnix(o.web.proxy); err != nil {
			return nil, exit.UnableMsg("chat.mistake.web.proxy", "Path", o.web.proxy, "Cause", i18n.NetError(err))
		}
	}
	site := web.New(s.Room, s, webguard.New(config))
	if o.web.on() {
		s.Web = site.Serve
	}
	if proxy != nil {
		s.Proxied = func(ctx context.Context) error { return site.Serve(ctx, proxy) }
	}
	return p, nil
}

// listenUnix listens on a Unix socket that this user alone may open. What a server that was
// killed has left there is replaced.
func listenUnix(path string) (net.Listener, error) {
	l, err := net.Listen("unix", path)
	if errors.Is(err, syscall.EADDRINUSE) && !strings.HasPrefix(path, "@") {
		if c, dialErr := net.Dial("unix", path); dialErr == nil {
			c.Close()
			return nil, err
		}
		if info, statErr := os.Lstat(path); statErr == nil && info.Mode()&os.ModeSocket != 0 && os.Remove(path) == nil {
			l, err = net.Listen("unix", path)
		}
	}
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(path, "@") { // which has no file
		if err := os.Chmod(path, 0o600); err != nil {
			return nil, errors.Join(err, l.Close())
		}
	}
	return l, nil
}

// linkPage makes the links of the page, and has its guard know their tokens.
func linkPage(s *server.Server, o options, config *webguard.Config) (*page, error) {
	host, err := o.web.host(s.TCP.Addr())
	if err != nil {
		return nil, err
	}
	teacher := webguard.Token{Value: webguard.NewToken(), Role: web.Teacher}
	config.Tokens = []webguard.Token{teacher}
	p := &page{local: o.web.address == ""}
	token := ""
	if !p.local {
		token = webguard.NewToken()
		config.Tokens = append(config.Tokens, webguard.Token{Value: token})
		config.Hosts = []string{host}
	}
	_, port, err := net.SplitHostPort(s.TCP.Addr().String())
	if err != nil {
		return nil, exit.UnableMsg("chat.mistake.web.host", "Cause", err)
	}
	at := net.JoinHostPort(host, port)
	p.link, p.teacher = webguard.Link(at, "/", token), webguard.Link(at, "/", teacher.Value)
	return p, nil
}

// webLimits are a page's limits where the chat has others: a phone takes a stream, and
// some requests to open the page.
func webLimits(l server.Limits) webguard.Limits {
	if l.PerAddress == 0 {
		return webguard.Limits{Rate: 1e6, Burst: 1e6, StreamsPerAddress: 1 << 16, Streams: 1 << 16}
	}
	people := l.PerAddress
	return webguard.Limits{Rate: max(100, 2*float64(people)), Burst: max(400, 20*people), StreamsPerAddress: people, Streams: cmp.Or(l.Total, 1<<16)}
}

// host returns the host of the page's links.
func (o *webOptions) host(listens net.Addr) (string, error) {
	at, err := netip.ParseAddrPort(listens.String())
	bound := at.Addr().Unmap()
	named := err == nil && !bound.IsUnspecified()
	switch {
	case o.address == "" && named:
		return bound.String(), nil
	case o.address == "":
		return "127.0.0.1", nil
	case o.address != auto:
		return o.address, nil
	case named:
		return bound.WithZone("").String(), nil
	}
	a, err := ownaddress.Find()
	switch {
	case errors.Is(err, ownaddress.ErrNone):
		return "", exit.UnableMsg("chat.mistake.web.none")
	case err != nil:
		return "", exit.UnableMsg("chat.mistake.web.host", "Cause", err)
	}
	return a.String(), nil
}

// announce shows where the page is: for phones as a QR code, where the screen can
// show one.
func (p *page) announce(out io.Writer, l lang.Lang) {
	if p.local {
		fmt.Fprintln(out, i18n.Text(l, "chat.web.local", "Link", p.link))
	} else {
		p.draw(out)
		fmt.Fprintln(out, i18n.Text(l, "chat.web.page", "Link", p.link))
	}
	fmt.Fprintln(out, i18n.Text(l, "chat.web.teacher", "Link", p.teacher))
}

// quietZone is how many modules are blank around a QR code. The standard's four would
// not fit a terminal of 24 lines; readers take two.
const quietZone = 2

// picture returns the link as a QR code of half blocks.
func (p *page) picture() string {
	var code strings.Builder
	qrterminal.GenerateWithConfig(p.link, qrterminal.Config{Level: qrterminal.L, Writer: &code, HalfBlocks: true, QuietZone: quietZone,
		BlackChar: qrterminal.BLACK_BLACK, WhiteBlackChar: qrterminal.WHITE_BLACK, WhiteChar: qrterminal.WHITE_WHITE, BlackWhiteChar: qrterminal.BLACK_WHITE})
	return code.String()
}

// draw shows the picture where the output can: on a terminal that has the characters.
func (p *page) draw(out io.Writer) {
	console, onConsole := out.(*inline.Console)
	_, onScreen := out.(*inline.Writer)
	switch {
	case !lang.UTF8():
	case onConsole:
		console.Print(inline.Picture, p.picture())
	case !onScreen || !terminal(os.Stdout):
	case os.Getenv("NO_COLOR") != "":
		io.WriteString(out, p.picture())
	default:
		for line := range strings.Lines(p.picture()) {
			fmt.Fprintf(out, "\x1b[%sm%s\x1b[m\n", inline.Picture, strings.TrimSuffix(line, "\n"))
		}
	}
}
