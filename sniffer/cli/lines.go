package cli

import (
	"github.com/spf13/pflag"

	"wirelab/internal/exit"
	"wirelab/sniffer"
	"wirelab/sniffer/render"
)

// lineOptions are what tcpdump's users type to see more or less of a line.
type lineOptions struct {
	numeric  int // -n
	stamp    int // -t
	ascii    int // -A
	text     bool
	both     int // -X
	hex      int // -x
	verbose  int // -v
	link     bool
	quiet    bool
	absolute bool
	count    bool
	always   bool // what is done in any case
}

func (l *lineOptions) define(f *pflag.FlagSet) {
	f.CountVarP(&l.numeric, "numeric", "n", "")
	f.CountVarP(&l.stamp, "stamp", "t", "")
	f.BoolVarP(&l.link, "link", "e", false, "")
	f.CountVarP(&l.verbose, "verbose", "v", "")
	f.BoolVarP(&l.quiet, "quiet", "q", false, "")
	f.BoolVarP(&l.absolute, "absolute-tcp-sequence-numbers", "S", false, "")
	f.BoolVar(&l.text, "text", false, "")
	f.CountVarP(&l.hex, "hex", "x", "")
	f.CountVarP(&l.both, "hex-ascii", "X", "")
	f.CountVarP(&l.ascii, "print-ascii", "A", "")
	f.BoolVar(&l.count, "count", false, "")
	f.BoolVarP(&l.always, "line-buffered", "l", false, "")
	f.BoolVarP(&l.always, "packet-buffered", "U", false, "")
	f.BoolVarP(&l.always, "number", "#", false, "")
}

// check returns what is wrong with the options.
func (l *lineOptions) check(o *options) error {
	switch ofLine := l.stamp > 0 || l.link || l.verbose > 0 || l.quiet || l.absolute || l.text || l.dump() != (render.Dump{}); {
	case ofLine && o.output != "line":
		return exit.UsageMsg("sniff.option.line")
	case l.count && (!o.reads() || o.output != "line" && o.output != "none"):
		return exit.UsageMsg("sniff.option.count")
	case l.stamp > int(render.SinceFirst):
		return exit.UsageMsg("sniff.option.stamp", "Most", int(render.SinceFirst))
	}
	return nil
}

// details returns what lines show more or less.
func (l *lineOptions) details() (d sniffer.Details) {
	if l.quiet {
		d |= sniffer.Quiet
	}
	if l.absolute {
		d |= sniffer.Absolute
	}
	if l.verbose > 0 {
		d |= sniffer.Verbose
	}
	return d
}

// dump returns which bytes are shown below a line.
func (l *lineOptions) dump() render.Dump {
	most := max(l.ascii, l.both, l.hex)
	return render.Dump{Hex: l.hex > 0 || l.both > 0, ASCII: l.ascii > 0 || l.both > 0, Link: most > 1}
}

// counts reports whether a line says how long after another its frame came.
func (l *lineOptions) counts() bool {
	return l.stamp == int(render.SincePrevious) || l.stamp == int(render.SinceFirst)
}
