package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/mdp/qrterminal/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/internal/hostnames"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/ownaddress"
	"wirelab/internal/suggest"
	"wirelab/internal/webguard"
	"wirelab/lab"
	"wirelab/lab/experiments"
	"wirelab/lab/script"
	"wirelab/lab/web"
)

// webAddress is where the page is served.
const webAddress = "127.0.0.1:7080"

func webCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:        "web [EXPERIMENT…]",
		SuggestFor: []string{"page", "browser", "gui", "ui", "www"},
		GroupID:    cmdline.Learn,
		Args:       cobra.ArbitraryArgs,
	}
	completeExperiments(cmd)
	backend := cmd.Flags().String("backend", autoBackend, "")
	cmdline.Complete(cmd, "backend", backendNames)
	listen := cmd.Flags().String("listen", webAddress, "")
	o := shownLab{}
	cmd.Flags().StringVar(&o.capture, "capture", "", "")
	cmd.Flags().StringVar(&o.chat, "chat", "", "")
	cmd.Flags().StringVar(&o.address, "address", "", "")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx, cancel := cmdline.Interruptible(cmd.Context())
		defer cancel()
		all, err := offered(args)
		if err != nil {
			return err
		}
		p := &page{lang: cmdline.Lang(cmd), backend: *backend, experiments: all, labs: standingOnes{}, out: cmd.OutOrStdout(), errs: cmd.ErrOrStderr()}
		if err := o.show(p); err != nil {
			return err
		}
		if err := p.listen(*listen); err != nil {
			return err
		}
		if err := p.say(); err != nil {
			return exit.With(exit.Unable, errors.Join(err, p.listener.Close()))
		}
		if err := p.serve(ctx); err != nil {
			return exit.With(exit.Unable, err)
		}
		return nil
	}
	return cmd
}

// offered are the experiments that are named, and behind them those that come with
// wirelab.
func offered(names []string) ([]*script.Experiment, error) {
	all, err := experiments.All()
	if err != nil || len(names) == 0 {
		return all, err
	}
	named, err := findExperiments(names, "")
	if err != nil {
		return nil, err
	}
	isNamed := func(e *script.Experiment) bool {
		return slices.ContainsFunc(named, func(n *script.Experiment) bool { return n.Name == e.Name })
	}
	return append(named, slices.DeleteFunc(all, isNamed)...), nil
}

// page is the lab's page, and where it is served.
type page struct {
	lang        lang.Lang
	backend     string
	experiments []*script.Experiment
	labs        web.Labs
	captureOnly bool                                    // there is nothing here by which experiments can be run
	opened      string                                  // the lab that is shown first; "" for none
	chat        func(context.Context) (net.Conn, error) // nil: none
	published   string                                  // HOST:PORT by which it is reached, if that is not where it listens
	anywhere    bool                                    // published is this machine's own address of all that reach it
	out, errs   io.Writer

	listener net.Listener
	token    string // which people on other machines need; "" where nobody else is admitted
	teacher  string // token of who may mute and kick in the chat; "" where there is none
}

// listen opens the port of the page. Beyond loopback it needs a token.
func (p *page) listen(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return exit.UsageMsg("web.address", "Address", address)
	}
	if p.listener, err = net.Listen("tcp", address); err != nil {
		return exit.UnableMsg("web.listen", "Address", address, "Cause", i18n.NetError(err))
	}
	if a, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !a.IsLoopback()) {
		p.token = webguard.NewToken()
	}
	return nil
}

// say prints where the page is: for phones as a QR code, where others are admitted and
// the terminal can show one.
func (p *page) say() error {
	if f, ok := p.out.(*os.File); ok && p.token != "" && term.IsTerminal(int(f.Fd())) && lang.UTF8() {
		qrterminal.GenerateHalfBlock(p.link(), qrterminal.L, p.out)
	}
	_, err := fmt.Fprintln(p.out, p.where())
	return err
}

// where tells the links: the page's, and what the teacher needs beside it.
func (p *page) where() string {
	lines := []string{i18n.Text(p.lang, "web.at", "Link", p.link())}
	if p.anywhere {
		lines = append(lines, i18n.Text(p.lang, "web.anywhere"))
	}
	if p.teacher != "" {
		lines = append(lines, i18n.Text(p.lang, "web.teacher", "Link", webguard.Link(p.host(), "/chat/", p.teacher)))
	}
	return strings.Join(lines, "\n")
}

// link is the page's address, with the token that it needs. Of all addresses it is one that
// others on the network reach.
func (p *page) link() string { return webguard.Link(p.host(), "/", p.token) }

// host is the HOST:PORT of the page's links.
func (p *page) host() string {
	if p.published != "" {
		return p.published
	}
	return p.address().String()
}

// address is where the page listens; of all addresses the one by which others reach it.
func (p *page) address() netip.AddrPort {
	at := p.listener.Addr().(*net.TCPAddr).AddrPort()
	host := at.Addr().Unmap()
	if host.IsUnspecified() {
		var err error
		if host, err = ownaddress.Find(); err != nil { // there is nobody else
			host = netip.AddrFrom4([4]byte{127, 0, 0, 1})
		}
	}
	return netip.AddrPortFrom(host, at.Port())
}

// serve serves the page until ctx ends.
func (p *page) serve(ctx context.Context) error {
	// A page that is scrolled, or follows, asks for what it shows.
	c := webguard.Config{Logger: slog.New(slog.NewTextHandler(p.errs, nil)), Limits: webguard.Limits{Rate: 300, Burst: 1000}}
	w := web.Config{Experiments: p.experiments, Run: p.run, Names: hostFlags, Labs: p.labs, Opened: p.opened, Chat: p.chat, NoPhones: i18n.Errmsg("web.nophones")}
	if p.token != "" {
		// Who scans the code of the chat may chat, and run nothing on this machine.
		phone := webguard.Token{Value: webguard.NewToken(), Path: "/chat/"}
		c.Tokens = []webguard.Token{{Value: p.token}, phone}
		w.PhoneToken, w.NoPhones = phone.Value, i18n.Errmsg("web.nophonesfar")
		if p.published == "" {
			w.Address = p.address()
		} else if host, _, err := net.SplitHostPort(p.published); err == nil {
			c.Hosts = []string{host}
		}
	}
	if p.teacher != "" {
		c.Tokens = append(c.Tokens, webguard.Token{Value: p.teacher, Role: web.Teacher})
	}
	if p.captureOnly {
		w.Run, w.NoRun = nil, i18n.Errmsg("web.captureonly")
	}
	return web.New(w).Serve(ctx, p.listener, c)
}

// run carries an experiment out in a lab of its own.
func (p *page) run(ctx context.Context, e *script.Experiment, observe func(script.Event)) (*script.Outcome, error) {
	b, err := chooseBackend(ctx, p.backend)
	if err != nil {
		return nil, err
	}
	return script.Run(ctx, b, e, observe)
}

// standingOnes are the labs that are up.
type standingOnes struct{}

var _ web.Labs = standingOnes{}

// List returns the labs that are up. Of those that do not answer the error tells.
func (standingOnes) List(ctx context.Context) ([]web.Standing, error) {
	if os.Getenv(hostnames.OwnVariable) != "" {
		return nil, nil
	}
	labs, err := standingLabs(ctx)
	if _, cannot := errors.AsType[*lab.Unavailable](err); cannot {
		err = nil // this system has none
	}
	var all []web.Standing
	for _, up := range labs {
		one := web.Standing{Name: up.Name}
		for _, s := range up.Segments {
			one.Segments = append(one.Segments, web.StandingSegment{Name: s.Name, Mode: s.Mode})
		}
		all = append(all, one)
	}
	return all, leave(err, labs...)
}

// Watch begins to capture a lab.
func (standingOnes) Watch(ctx context.Context, name string) (*web.Watched, error) {
	up, err := openLab(ctx, name)
	if err != nil {
		return nil, err
	}
	l, err := lab.Watch(ctx, up.Network, topologyOf(up))
	if err != nil {
		return nil, leave(err, up)
	}
	return &web.Watched{Source: l, Topology: l.Topology, Leave: func() error { return leave(l.Close(), up) }}, nil
}

// SetMode makes a segment of a lab, or all, a hub or a switch.
func (standingOnes) SetMode(ctx context.Context, name, segment string, mode lab.Mode) error {
	up, err := openLab(ctx, name)
	if err != nil {
		return err
	}
	return leave(switchSegments(ctx, up, segment, mode), up)
}

// switchSegments makes a segment, or all where it is "", a hub or a switch.
func switchSegments(ctx context.Context, up *standing, segment string, mode lab.Mode) error {
	known := up.SegmentNames()
	wanted := known
	if segment != "" {
		if wanted = []string{segment}; !slices.Contains(known, segment) {
			return i18n.Errmsg("lab.segment.unknown", "Segment", segment, "Hint", suggest.Hint(segment, known), "Known", known)
		}
	}
	for _, name := range wanted {
		if err := up.Network.Segment(name).SetMode(ctx, mode); err != nil {
			return err
		}
	}
	return nil
}

// topologyOf is the topology of a lab that is up, as far as it tells.
func topologyOf(up *standing) lab.Topology {
	t := lab.Topology{Hosts: up.Hosts}
	if names := up.SegmentNames(); len(names) > 1 {
		on := segmentHosts(up.Network, up.Hosts)
		for _, name := range names {
			t.Segments = append(t.Segments, lab.SegmentSpec{Name: name, Hosts: on[name]})
		}
	}
	return t
}

// segmentHosts are the hosts on each segment but the sniffer, by the segment's name.
func segmentHosts(n lab.Network, hosts []string) map[string][]string {
	on := map[string][]string{}
	for _, host := range hosts {
		for _, port := range n.Host(host).Ports() {
			if host != lab.SnifferHost {
				on[port.Segment] = append(on[port.Segment], host)
			}
		}
	}
	return on
}

// servePage serves the page beside what holds a lab.
func (u *holder) servePage(serve func(context.Context, lab.Network) error) func(context.Context, lab.Network) error {
	return func(ctx context.Context, n lab.Network) error {
		ctx, cancel := context.WithCancel(ctx)
		// The host's own sockets lead to its chat server, so that a phone's requests are
		// not on the wire: what is said there is sent to the others over it.
		if s, ok := n.Host(server).(lab.SocketHost); ok && u.chats() {
			u.page.chat = func(ctx context.Context) (net.Conn, error) { return s.Dial(ctx, "unix", chatSocket) }
		}
		ended := make(chan error, 1)
		go func() { ended <- u.page.serve(ctx) }()
		err := serve(ctx, n)
		cancel()
		return errors.Join(err, <-ended)
	}
}
