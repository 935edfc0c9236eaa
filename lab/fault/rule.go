// Package fault says what a cable does to frames: which it loses, delays,
// duplicates or changes. A Rule is what an experiment asks for. A Line applies
// rules to the frames of one direction. An Act is one frame that a rule
// acted on.
//
// It does not know sockets, bridges or captures.
package fault

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"wirelab/internal/i18n"
	"wirelab/internal/pattern"
	"wirelab/sniffer"
	"wirelab/sniffer/filter"
)

// Kind is what a rule does to a frame.
type Kind string

// The kinds, as words of a script.
const (
	Drop      Kind = "drop"      // the frame is lost
	Loss      Kind = "loss"      // the frame is lost with a probability
	Delay     Kind = "delay"     // the frame arrives later
	Duplicate Kind = "duplicate" // the frame arrives twice
	Reorder   Kind = "reorder"   // the frame arrives after the next one that the rule matches
	Corrupt   Kind = "corrupt"   // the frame arrives with one byte changed
	Rate      Kind = "rate"      // the frame arrives as fast as a slow link carries it
)

// kinds returns the words for kinds.
func kinds() []string {
	return []string{string(Drop), string(Loss), string(Delay), string(Duplicate), string(Reorder), string(Corrupt), string(Rate)}
}

// Anyone stands for every host in a Rule.
const Anyone = "*"

// Rule is an impairment of the frames that one host sends to another. Its text form is
// what follows the word impair in a script; Optional is not part of it:
//
//	lose-first client1 server drop nth 1 where tcp port 7000
type Rule struct {
	// Name tells the rule from others: a lower-case letter, then up to 30 lower-case
	// letters, digits and hyphens.
	Name string `json:"name"`
	// From is the host that sends the frame, or Anyone, but not with Before. To is the
	// host that receives it; with Before it may be Anyone. A broadcast or multicast
	// frame is to every host.
	From string `json:"from"`
	To   string `json:"to"`

	Kind     Kind          `json:"kind"`
	Percent  float64       `json:"percent,omitempty"`  // of Loss: above 0, at most 100
	Seed     uint64        `json:"seed,omitempty"`     // of Loss: with the same seed, the same of the matching frames are lost, counted in their order
	Delay    time.Duration `json:"delay,omitempty"`    // of Delay: above 0, at most MaxDelay
	Bits     uint64        `json:"bits,omitempty"`     // of Rate: bits per second, at least MinRate
	Byte     Byte          `json:"byte,omitzero"`      // of Corrupt
	Mend     bool          `json:"mend,omitempty"`     // of Corrupt: adjust the checksums of an IPv4 packet, so that the receiver takes the frame; see Corrupted
	Nth      []int         `json:"nth,omitempty"`      // which of the matching frames, from 1, at most 64 numbers; none is all
	Before   bool          `json:"before,omitempty"`   // act before the sniffer, which then does not see what is lost
	Where    string        `json:"where,omitempty"`    // a filter in tcpdump's syntax, at most 1000 bytes; empty matches every frame
	Optional bool          `json:"optional,omitempty"` // the rule may act on no frame; otherwise claims are inconclusive then
}

// Limits of rules.
const (
	MaxDelay = 5 * time.Second // so that a barrier can wait for what is held
	MinRate  = 1000            // bits per second
	maxNth   = 64
	maxWhere = 1000 // bytes
)

// name is a label, as those of barriers and hosts.
var name = pattern.New(`^[a-z][a-z0-9-]{0,30}$`)

// Byte is a byte of a frame, counted from 0 where a layer begins. "udp[8]" is the first
// byte that a datagram carries. A rule finds the layers ip, tcp, udp and icmp only in
// IPv4, and the last three only in the first fragment of a datagram.
type Byte struct {
	Layer string `json:"layer"` // ether, ip, tcp, udp or icmp
	At    int    `json:"at"`    // from 0 to 65535
}

// layers are the words for layers.
var layers = []string{"ether", "ip", "tcp", "udp", "icmp"}

// String returns the text form.
func (b Byte) String() string { return b.Layer + "[" + strconv.Itoa(b.At) + "]" }

// checksums are where a layer's checksum is.
var checksums = map[string]int{"ip": 10, "tcp": 16, "udp": 6, "icmp": 2}

func parseByte(s string) (b Byte, ok bool) {
	layer, rest, _ := strings.Cut(s, "[")
	digits, ok := strings.CutSuffix(rest, "]")
	n, err := strconv.ParseUint(digits, 10, 16)
	return Byte{layer, int(n)}, ok && err == nil && slices.Contains(layers, layer)
}

// Parse reads the text form of a rule, which is split into words, and validates the rule.
// It does not know which hosts there are.
func Parse(words []string) (r Rule, err error) {
	if len(words) < 4 {
		return r, i18n.Errmsg("fault.form", "Kinds", kinds())
	}
	r = Rule{Name: words[0], From: words[1], To: words[2], Kind: Kind(words[3])}
	rest := words[4:]
	next := func() (word string) {
		if len(rest) > 0 {
			word, rest = rest[0], rest[1:]
		}
		return word
	}
	if err := r.parseKind(next); err != nil {
		return r, err
	}
	for len(rest) > 0 {
		switch word := next(); {
		case word == "nth" && r.Nth == nil:
			if r.Nth, err = parseNth(next()); err != nil {
				return r, err
			}
		case word == "before" && !r.Before:
			r.Before = true
		case word == "checksum-right" && r.Kind == Corrupt && !r.Mend:
			r.Mend = true
		case word == "seed" && r.Kind == Loss && r.Seed == 0:
			seed := next()
			if r.Seed, err = strconv.ParseUint(seed, 10, 64); err != nil {
				return r, i18n.Errmsg("fault.seed", "Word", seed)
			}
		case word == "where":
			if r.Where = strings.Join(rest, " "); r.Where == "" {
				return r, i18n.Errmsg("fault.where")
			}
			rest = nil
		default:
			return r, i18n.Errmsg("fault.word", "Word", word)
		}
	}
	return r, r.Validate()
}

// parseKind reads what stands behind the word for a kind.
func (r *Rule) parseKind(next func() string) (err error) {
	switch r.Kind {
	case Drop, Duplicate, Reorder:
	case Loss:
		word := next()
		number, ok := strings.CutSuffix(word, "%")
		if r.Percent, err = strconv.ParseFloat(number, 64); err != nil || !ok {
			return i18n.Errmsg("fault.percent", "Word", word)
		}
	case Delay:
		word := next()
		if r.Delay, err = time.ParseDuration(word); err != nil {
			return i18n.Errmsg("fault.delay", "Word", word, "Most", MaxDelay)
		}
	case Rate:
		word := next()
		if r.Bits, err = parseRate(word); err != nil {
			return err
		}
	case Corrupt:
		word, ok := next(), false
		if r.Byte, ok = parseByte(word); !ok {
			return i18n.Errmsg("fault.byte", "Word", word)
		}
	default:
		return i18n.Errmsg("fault.kind", "Word", string(r.Kind), "Kinds", kinds())
	}
	return nil
}

// units of a rate.
var units = []struct {
	name string
	bits float64
}{{"Gbit/s", 1e9}, {"Mbit/s", 1e6}, {"kbit/s", 1e3}, {"bit/s", 1}}

func parseRate(word string) (uint64, error) {
	for _, u := range units {
		if number, ok := strings.CutSuffix(word, u.name); ok {
			n, err := strconv.ParseFloat(number, 64)
			if bits := n * u.bits; err == nil && bits >= MinRate && bits <= 1e12 {
				return uint64(math.Round(bits)), nil
			}
			break
		}
	}
	return 0, i18n.Errmsg("fault.rate", "Word", word, "Least", MinRate)
}

func parseNth(word string) (all []int, err error) {
	for part := range strings.SplitSeq(word, ",") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 || len(all) == maxNth {
			return nil, i18n.Errmsg("fault.nth", "Word", word)
		}
		all = append(all, n)
	}
	return all, nil
}

// Validate returns an error if no cable can carry out the rule. It does not compile Where.
func (r Rule) Validate() error {
	switch {
	case !name().MatchString(r.Name):
		return i18n.Errmsg("fault.name", "Name", r.Name)
	case len(r.Where) > maxWhere:
		return i18n.Errmsg("fault.long", "Most", maxWhere)
	case r.From == "" || r.To == "" || r.From == r.To && r.From != Anyone:
		return i18n.Errmsg("fault.ends", "From", r.From, "To", r.To)
	case r.Before && r.From == Anyone:
		return i18n.Errmsg("fault.from")
	case !r.Before && r.To == Anyone:
		return i18n.Errmsg("fault.to")
	case r.Kind == Loss && !(r.Percent > 0 && r.Percent <= 100):
		return i18n.Errmsg("fault.percent", "Word", formatFloat(r.Percent)+"%")
	case r.Kind == Delay && (r.Delay <= 0 || r.Delay > MaxDelay):
		return i18n.Errmsg("fault.delay", "Word", r.Delay.String(), "Most", MaxDelay)
	case r.Kind == Rate && r.Bits < MinRate:
		return i18n.Errmsg("fault.rate", "Word", strconv.FormatUint(r.Bits, 10)+"bit/s", "Least", MinRate)
	case r.Kind == Corrupt && (!slices.Contains(layers, r.Byte.Layer) || r.Byte.At < 0 || r.Byte.At > math.MaxUint16):
		return i18n.Errmsg("fault.byte", "Word", r.Byte.String())
	case !slices.Contains(kinds(), string(r.Kind)):
		return i18n.Errmsg("fault.kind", "Word", string(r.Kind), "Kinds", kinds())
	case len(r.Nth) > maxNth || slices.ContainsFunc(r.Nth, func(n int) bool { return n < 1 }):
		return i18n.Errmsg("fault.nth", "Word", formatNth(r.Nth))
	}
	if at, known := checksums[r.Byte.Layer]; r.Mend && known && (r.Byte.At == at || r.Byte.At == at+1) {
		return i18n.Errmsg("fault.checksum", "Byte", r.Byte.String())
	}
	return nil
}

// Filter compiles Where for Ethernet frames. hosts are the names that Where may use.
func (r Rule) Filter(hosts filter.Hosts) (*filter.Filter, error) {
	return filter.Compile(r.Where, sniffer.LinkEthernet, hosts)
}

// At returns the host on whose cable the rule acts: the receiver's or, with Before, the
// sender's.
func (r Rule) At() string {
	if r.Before {
		return r.From
	}
	return r.To
}

// String returns the text form.
func (r Rule) String() string { return r.Name + " " + r.From + " " + r.To + " " + r.what() }

// what returns the text form without the name and the hosts.
func (r Rule) what() string {
	s := string(r.Kind)
	switch r.Kind {
	case Loss:
		s += " " + formatFloat(r.Percent) + "%"
		if r.Seed != 0 {
			s += " seed " + strconv.FormatUint(r.Seed, 10)
		}
	case Delay:
		s += " " + r.Delay.String()
	case Rate:
		s += " " + formatRate(r.Bits)
	case Corrupt:
		s += " " + r.Byte.String()
		if r.Mend {
			s += " checksum-right"
		}
	}
	if len(r.Nth) > 0 {
		s += " nth " + formatNth(r.Nth)
	}
	if r.Before {
		s += " before"
	}
	if r.Where != "" {
		s += " where " + r.Where
	}
	return s
}

func formatFloat(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func formatRate(bits uint64) string {
	for _, u := range units {
		if n := float64(bits) / u.bits; n >= 1 {
			return formatFloat(n) + u.name
		}
	}
	return strconv.FormatUint(bits, 10) + "bit/s"
}

func formatNth(all []int) string {
	var words []string
	for _, n := range all {
		words = append(words, strconv.Itoa(n))
	}
	return strings.Join(words, ",")
}
