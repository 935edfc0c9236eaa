package cli

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"wirelab/internal/cmdline"
	"wirelab/internal/exit"
	"wirelab/internal/i18n"
	"wirelab/internal/lang"
	"wirelab/internal/suggest"
	"wirelab/sniffer"
	"wirelab/sniffer/filter"
)

// options are the flags of sniff.
type options struct {
	filter     string // the arguments, or what -F names
	filterFile string

	iface     string
	list      bool
	limit     uint64
	duration  time.Duration
	untilEOF  bool
	snap      uint32
	noPromisc bool
	direction string
	ethertype string
	buffer    size

	read       []string
	frame      uint64 // the number of the only one that is shown; 0: all are
	write      string
	comment    string
	rotateSize size
	rotateTime time.Duration
	files      int

	output string
	stats  string // "-": to standard output alone; else a picture's name; "": none
	flags  string
	utc    bool
	ascii  bool
	hosts  []string
	names  bool
	lookup []string

	lines lineOptions
}

func (o *options) define(f *pflag.FlagSet) {
	f.StringVarP(&o.iface, "interface", "i", "", "")
	f.BoolVarP(&o.list, "list", "D", false, "")
	f.Uint64VarP(&o.limit, "limit", "c", 0, "")
	f.DurationVar(&o.duration, "for", 0, "")
	f.BoolVar(&o.untilEOF, "until-eof", false, "")
	f.Uint32VarP(&o.snap, "snaplen", "s", 0, "")
	f.BoolVarP(&o.noPromisc, "no-promisc", "p", false, "")
	f.StringVarP(&o.direction, "direction", "Q", "inout", "")
	f.StringVar(&o.ethertype, "ethertype", "all", "")
	f.VarP(&o.buffer, "buffer", "B", "")

	f.StringArrayVarP(&o.read, "read", "r", nil, "")
	f.Uint64Var(&o.frame, "frame", 0, "")
	f.StringVarP(&o.filterFile, "filter-file", "F", "", "")
	f.StringVarP(&o.write, "write", "w", "", "")
	f.StringVar(&o.comment, "comment", "", "")
	f.Var(&o.rotateSize, "rotate-size", "")
	f.DurationVar(&o.rotateTime, "rotate-time", 0, "")
	f.IntVar(&o.files, "files", 0, "")

	f.StringVarP(&o.output, "output", "o", "line", "")
	f.StringVar(&o.stats, "stats", "", "")
	f.Lookup("stats").NoOptDefVal = "-"
	f.StringVar(&o.flags, "flags", "words", "")
	f.BoolVar(&o.utc, "utc", false, "")
	f.BoolVar(&o.ascii, "ascii", !lang.UTF8(), "")
	f.StringArrayVar(&o.hosts, "host", nil, "")
	f.BoolVar(&o.names, "names", false, "")
	f.StringSliceVar(&o.lookup, "lookup", nil, "")
	o.lines.define(f)
}

// check returns what is wrong with the flags, without looking at files or interfaces.
func (o *options) check(given *pflag.FlagSet) error {
	// That of a variable which is not set must not become a live capture.
	if slices.Contains(o.read, "") {
		return exit.UsageMsg("sniff.empty.read")
	}
	for _, name := range []string{"write", "interface", "filter-file"} {
		if f := given.Lookup(name); f.Changed && f.Value.String() == "" {
			return exit.UsageMsg("sniff.empty.name", "Flag", "-"+f.Shorthand)
		}
	}
	if err := o.lines.check(o); err != nil {
		return err
	}
	live := o.iface != "" || o.duration != 0 || o.untilEOF || o.snap != 0 || o.buffer != 0 || o.ethertype != "all"
	rotates := o.rotateSize != 0 || o.rotateTime != 0
	_, known := etherTypes[o.ethertype]
	_, number := parseEtherType(o.ethertype)
	switch {
	case o.reads() && live:
		return exit.UsageMsg("sniff.option.live")
	case o.frame != 0 && !o.reads():
		return exit.UsageMsg("sniff.frame.live")
	case slices.Index(o.read, "-") != lastIndex(o.read, "-"):
		return exit.UsageMsg("sniff.option.stdin")
	case o.filter != "" && o.filterFile != "":
		return exit.UsageMsg("sniff.option.filterfile", "File", o.filterFile)
	case o.duration < 0 || o.rotateTime < 0:
		return exit.UsageMsg("sniff.option.negative")
	case directions[o.direction] == nil:
		return cmdline.OneOf("--direction", o.direction, "in", "out", "inout")
	case !known && number != nil:
		return exit.UsageMsg("sniff.option.ethertype", "Word", o.ethertype, "Hint", suggest.Hint(o.ethertype, slices.Sorted(maps.Keys(etherTypes))))
	case o.ethertype != "all" && o.direction == "out":
		return exit.UsageMsg("sniff.option.out")
	case findOutput(o.output) == nil:
		return cmdline.OneOf("-o", o.output, outputNames()...)
	case o.flags != "words" && o.flags != "letters":
		return cmdline.OneOf("--flags", o.flags, "words", "letters")
	case o.stats != "" && o.stats != "-" && !strings.HasSuffix(o.stats, ".svg"):
		return exit.UsageMsg("sniff.option.stats", "Word", o.stats)
	case o.stats != "" && o.write == "-":
		return exit.UsageMsg("sniff.option.statsout")
	case o.write == "" && (rotates || o.comment != "" || o.output == "none" && !o.lines.count && o.stats == ""):
		return exit.UsageMsg("sniff.option.write")
	case o.write == "-" && rotates:
		return exit.UsageMsg("sniff.option.rotateout")
	case o.files != 0 && !rotates || o.files < 0:
		return exit.UsageMsg("sniff.option.files")
	case o.comment != "" && o.pcap():
		return exit.UsageMsg("sniff.option.comment")
	}
	return nil
}

// reads reports whether frames come from files.
func (o *options) reads() bool { return len(o.read) > 0 }

func lastIndex(all []string, s string) int {
	for i := len(all) - 1; i >= 0; i-- {
		if all[i] == s {
			return i
		}
	}
	return -1
}

// readFilter reads the file that -F names.
func (o *options) readFilter() error {
	if o.filterFile == "" {
		return nil
	}
	f, err := os.Open(o.filterFile)
	if err != nil {
		return exit.With(exit.Usage, i18n.FileError(o.filterFile, err))
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, filter.MaxExpression+1)) // which says that it is too long
	if err != nil {
		return exit.With(exit.Usage, i18n.FileError(o.filterFile, err))
	}
	o.filter = strings.TrimSpace(string(text))
	return nil
}

// svg reports whether -o names a picture.
func (o *options) svg() bool { return strings.HasSuffix(o.output, ".svg") }

// ladder reports whether -o needs all packets together.
func (o *options) ladder() bool { return o.output == "ladder" || o.svg() }

// pcap reports whether -w names a pcap file.
func (o *options) pcap() bool {
	return strings.HasSuffix(strings.TrimSuffix(o.write, compressedEnd), ".pcap")
}

// compressedEnd ends the name of a file that is compressed.
const compressedEnd = ".gz"

// directions are the values of --direction; wanted directions of a frame.
var directions = map[string][]sniffer.Direction{
	"in": {sniffer.In}, "out": {sniffer.Out}, "inout": {sniffer.Unknown},
}

// way returns the one direction that is wanted, Unknown for both.
func (o *options) way() sniffer.Direction { return directions[o.direction][0] }

var etherTypes = map[string]uint16{
	"all": 0, "ip": sniffer.EtherTypeIPv4, "arp": sniffer.EtherTypeARP, "rarp": sniffer.EtherTypeRARP, "ipv6": sniffer.EtherTypeIPv6,
}

// parseEtherType returns the protocol that --ethertype names, 0 for all.
func parseEtherType(text string) (uint16, error) {
	if n, ok := etherTypes[text]; ok {
		return n, nil
	}
	n, err := strconv.ParseUint(text, 0, 16)
	if err == nil && n < 0x600 {
		err = fmt.Errorf("below 0x600 the field is a length")
	}
	return uint16(n), err
}

// size is a flag's number of bytes, with K, M or G behind it.
type size int64

func (s *size) Set(text string) error {
	shift := map[byte]int{'K': 10, 'M': 20, 'G': 30}
	digits := strings.TrimSuffix(strings.ToUpper(text), "B")
	by := 0
	if n := len(digits); n > 0 && shift[digits[n-1]] > 0 {
		by, digits = shift[digits[n-1]], digits[:n-1]
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 || n > 1<<40>>by {
		return fmt.Errorf("want a size such as 500K, 64M or 1G")
	}
	*s = size(n << by)
	return nil
}

func (s *size) String() string {
	if *s == 0 {
		return ""
	}
	return strconv.FormatInt(int64(*s), 10)
}

func (s *size) Type() string { return "size" }
