package script

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"

	"wirelab/internal/i18n"
	"wirelab/internal/suggest"
	"wirelab/lab"
	"wirelab/lab/claim"
	"wirelab/lab/trace"
	"wirelab/sniffer"
)

// A seed makes an experiment one of many that are alike: it has other addresses, its
// hosts are in another order, and what its text leaves open is decided otherwise. All of
// it follows from the seed and the experiment's name, and from nothing else: the same
// seed gives the same experiment everywhere.
//
//	${addr:HOST}     the host's first address
//	${mac:HOST}      its first hardware address
//	${port:N}        a port, another for each N
//	${word:N}        a word, another for each N
//	${number:N:A-B}  a number from A to B
//
// They stand in scripts and expectations, and are resolved before a script is parsed.
// Without a seed they are resolved, too: to what is least surprising.

// MaxSeed bounds a seed, in bytes.
const MaxSeed = 128

// ParseSeeded is Parse with a seed; "" is none.
func ParseSeeded(file string, data []byte, seed string) (*Experiment, error) {
	name := strings.TrimSuffix(file, filepath.Ext(file))
	if len(seed) > MaxSeed {
		return nil, i18n.Errmsg("seed.long", "Most", MaxSeed)
	}
	s := seeded{seed: seed, name: name}
	s.topology = s.topologyIn(data)
	if seed != "" {
		s.place()
	}
	text, err := s.resolve(data)
	if err != nil {
		return nil, fmt.Errorf("%s:%w", file, err)
	}
	e, err := parse(file, text)
	if err != nil || seed == "" {
		return e, err
	}
	e.Seed = seed
	e.Topology.Hosts, e.Topology.Seed = s.topology.Hosts, s.topology.Seed
	return e, e.Topology.Validate()
}

// ReadSeeded is Read with a seed; "" is none.
func ReadSeeded(path, seed string) (*Experiment, error) {
	data, err := ReadFile(path)
	if err != nil {
		return nil, err
	}
	return ParseSeeded(filepath.Base(path), data, seed)
}

// seeded is what a seed decides of an experiment.
type seeded struct {
	seed, name string
	topology   lab.Topology
}

// hash is a number that the seed and the experiment's name give for a purpose.
func (s seeded) hash(purpose string) uint64 {
	sum := sha256.Sum256([]byte("wirelab/seed/v1\x00" + s.seed + "\x00" + s.name + "\x00" + purpose))
	return binary.BigEndian.Uint64(sum[:])
}

// shuffled are hosts in the order of the seed, the sniffer last.
func (s seeded) shuffled(hosts []string) []string {
	order := slices.Clone(hosts)
	slices.SortStableFunc(order, func(a, b string) int {
		switch lab.SnifferHost {
		case a:
			return 1
		case b:
			return -1
		}
		return cmp.Compare(s.hash("order "+a), s.hash("order "+b))
	})
	return order
}

// place gives the topology its order of hosts, and its seed. The order stays where another
// has no room for a host: in a narrow subnet the order alone numbers the hosts, and one of
// them may get a number that is another's by its given address.
func (s *seeded) place() {
	text, order := s.seed+"\x00"+s.name, s.topology.Hosts
	s.topology.Hosts = s.shuffled(order)
	if s.topology = s.topology.Seeded(text); s.topology.Validate() != nil {
		s.topology.Hosts = order
		s.topology = s.topology.Seeded(text)
	}
}

// topologyIn is the topology of a script, as far as its lines can be read: what is wrong
// with them Parse says. Placeholders in them are resolved, but for those that follow from
// the topology.
func (s seeded) topologyIn(data []byte) lab.Topology {
	p := &parser{exp: &Experiment{}}
	for line := range strings.SplitSeq(string(txtar.Parse(data).Comment), "\n") {
		if resolved, err := s.resolve([]byte(line)); err == nil {
			line = string(resolved)
		}
		words, err := splitWords(line)
		if err != nil || len(words) == 0 || line[0] == ' ' || line[0] == '\t' || line[0] == '#' {
			continue
		}
		switch words[0] {
		case "topology":
			err = p.topology(words[1:])
		case "segment":
			err = p.segment(words[1:])
		case "host":
			err = p.host(words[1:])
		}
		if err != nil {
			break
		}
	}
	return p.exp.Topology
}

// placeholder is what a seed decides in a text.
var placeholder = regexp.MustCompile(`\$\{([a-z]+):([^{}\n]*)\}`)

// placeholders are those that there are.
var placeholders = []string{"addr", "mac", "port", "word", "number"}

// resolve returns the text with every placeholder resolved. The error has the line.
func (s seeded) resolve(data []byte) ([]byte, error) {
	if !placeholder.Match(data) {
		return data, nil
	}
	lines := strings.Split(string(data), "\n")
	for i, line := range lines {
		var wrong error
		lines[i] = placeholder.ReplaceAllStringFunc(line, func(mark string) string {
			parts := placeholder.FindStringSubmatch(mark)
			value, err := s.value(parts[1], parts[2])
			if err != nil && wrong == nil {
				wrong = &lineError{i + 1, i18n.Errmsg("seed.placeholder", "Text", mark, "Cause", err)}
			}
			return value
		})
		if wrong != nil {
			return nil, wrong
		}
	}
	return []byte(strings.Join(lines, "\n")), nil
}

// mostNumbered bounds the N of words and ports.
const mostNumbered = 99

// value is what a placeholder stands for.
func (s seeded) value(kind, of string) (string, error) {
	switch kind {
	case "addr", "mac":
		if !slices.Contains(s.topology.Hosts, of) {
			return "", i18n.Errmsg("script.host", "Host", of, "Hint", suggest.Hint(of, s.topology.Hosts), "Known", s.topology.Hosts)
		}
		port := s.topology.Ports(of)[0]
		if kind == "mac" {
			return port.MAC.String(), nil
		}
		return port.Addrs[0].Addr().String(), nil
	case "port", "word":
		n, err := strconv.Atoi(of)
		if err != nil || n < 1 || n > mostNumbered {
			return "", i18n.Errmsg("seed.number", "Most", mostNumbered)
		}
		if kind == "word" {
			return s.word(n), nil
		}
		return strconv.Itoa(s.port(n)), nil
	case "number":
		id, between, _ := strings.Cut(of, ":")
		a, b, _ := strings.Cut(between, "-")
		least, err := strconv.Atoi(a)
		most, err2 := strconv.Atoi(b)
		if id == "" || err != nil || err2 != nil || least < 0 || most < least || most > 1<<20 {
			return "", i18n.Errmsg("seed.range")
		}
		if s.seed == "" {
			return strconv.Itoa(least), nil // as a seed writes it
		}
		return strconv.Itoa(least + int(s.hash("number "+id)%uint64(most-least+1))), nil
	}
	return "", i18n.Errmsg("seed.unknown", "Word", kind, "Hint", suggest.Hint(kind, placeholders), "Known", placeholders)
}

// port is a port that no system gives out by itself and no well-known service has; 7000
// is the first one without a seed.
func (s seeded) port(n int) int {
	const first, count = 10_000, 20_000
	if s.seed == "" {
		return 6999 + n
	}
	return first + int((s.hash("port")+uint64(n)*211)%count)
}

// word is one of a thousand, of which none is a part of another.
func (s seeded) word(n int) string {
	at := uint64(n - 1)
	if s.seed != "" {
		at = s.hash("word") + uint64(n)*37
	}
	return colours[at/uint64(len(animals))%uint64(len(colours))] + "-" + animals[at%uint64(len(animals))]
}

var (
	colours = strings.Fields("amber azure beige black blue brown coral cream crimson cyan golden green grey indigo ivory jade lemon lilac lime maroon mauve olive orange pink plum purple ruby scarlet silver teal violet white")
	animals = strings.Fields("adder badger beaver bison camel cobra crane dingo eagle falcon ferret gecko gibbon heron hyena ibis jackal koala lemur llama lynx marten moose newt ocelot otter panda puffin quail raven stork tapir")
)

// foreign returns the first packet that no lab of the experiment's seed can have: from a
// hardware or IP address that none of its hosts has. It is 0 if there is none. Frames of
// the machine that captured are no host's.
func (e *Experiment) foreign(r *trace.Recording) (number int, source string) {
	macs, addrs := map[sniffer.MAC]bool{}, map[netip.Addr]bool{}
	for _, h := range e.Topology.Hosts {
		for _, port := range e.Topology.Ports(h) {
			macs[port.MAC] = true
			for _, a := range port.Addrs {
				addrs[a.Addr()] = true
			}
		}
	}
	for number := 1; number <= r.Len(); number++ {
		p := r.Packet(number)
		from := p.Src
		switch {
		case r.Hosts.Ports[p.SrcMAC] == trace.Machine:
		case !macs[p.SrcMAC]:
			return number, p.SrcMAC.String()
		case from.IsValid() && !from.IsUnspecified() && !addrs[from]:
			return number, from.String()
		}
	}
	return 0, ""
}

// anotherSeed are the verdicts of a capture of another seed.
func (e *Experiment) anotherSeed(number int, source string) []claim.Verdict {
	verdicts := claim.Unable(e.Claims, i18n.Msg("seed.another", "Seed", e.Seed, "Packet", number, "Source", source))
	for i := range verdicts {
		verdicts[i].Packets = []int{number}
	}
	return verdicts
}
