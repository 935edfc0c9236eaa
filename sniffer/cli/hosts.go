package cli

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"slices"

	"wirelab/internal/exit"
	"wirelab/sniffer"
	"wirelab/sniffer/filter"
	"wirelab/sniffer/pcapfile"
)

// readyFilter compiles the filter. Only where it names hosts are the files read for
// the names that they have, and the resolver asked for those that --lookup lists.
func (s *session) readyFilter(ctx context.Context) error {
	_, err := s.filters.compile(sniffer.LinkEthernet)
	if _, names := errors.AsType[*filter.UnknownHostError](err); !names {
		return err
	}
	for _, name := range s.options.read {
		s.names.learnFromFile(namesIn(ctx, name))
	}
	var unknown *filter.UnknownHostError
	for asked := ""; ; asked = unknown.Name {
		s.filters.give(s.names.addresses())
		_, err = s.filters.compile(sniffer.LinkEthernet)
		var names bool
		if unknown, names = errors.AsType[*filter.UnknownHostError](err); !names {
			return err
		}
		if unknown.Name == asked || !slices.Contains(s.names.lookup, unknown.Name) {
			break
		}
		s.names.learn(resolve([]string{unknown.Name}))
	}
	if slices.ContainsFunc(s.options.read, func(name string) bool { return !regular(name) }) {
		return nil // it may tell the name before its first frame
	}
	expression, caret := unknown.Place()
	if unknown.Nearest != "" {
		return exit.UsageMsg("sniff.host.nearest", "Name", unknown.Name, "Nearest", unknown.Nearest, "Filter", expression, "Caret", caret)
	}
	return exit.UsageMsg("sniff.host.unknown", "Name", unknown.Name, "Filter", expression, "Caret", caret)
}

func regular(name string) bool {
	info, err := os.Stat(name)
	return name != "-" && err == nil && info.Mode().IsRegular()
}

// namesIn returns the host names that a capture file has anywhere, as far as it can
// be read: who reads it for its frames says what is wrong with it.
func namesIn(ctx context.Context, name string) map[netip.Addr]string {
	if !regular(name) {
		return nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	r, err := pcapfile.NewReader(f)
	if err != nil {
		return nil
	}
	for err == nil && ctx.Err() == nil {
		_, err = r.Next()
	}
	return r.Names()
}
