package cli

import (
	"sync"
	"sync/atomic"

	"wirelab/internal/exit"
	"wirelab/sniffer"
	"wirelab/sniffer/filter"
)

// filters are a filter expression, compiled for each link type that comes. It
// is safe for use by several goroutines at once.
type filters struct {
	expression string
	hosts      filter.Hosts // that it may name
	mu         sync.Mutex
	compiled   map[sniffer.LinkType]*filter.Filter
	last       atomic.Pointer[linkFilter] // most files have one link type
}

// linkFilter is the filter of a link type.
type linkFilter struct {
	link sniffer.LinkType
	*filter.Filter
}

func newFilters(expression string, hosts filter.Hosts) *filters {
	return &filters{expression: expression, hosts: hosts, compiled: map[sniffer.LinkType]*filter.Filter{}}
}

// inUse reports whether there is an expression.
func (f *filters) inUse() bool { return f.expression != "" }

// compile returns the filter of a link type.
func (f *filters) compile(link sniffer.LinkType) (*filter.Filter, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c := f.compiled[link]; c != nil {
		return c, nil
	}
	c, err := filter.Compile(f.expression, link, f.hosts)
	if err != nil {
		return nil, exit.With(exit.Usage, err)
	}
	f.compiled[link] = c
	return c, nil
}

// match reports whether a frame of a file is wanted.
func (f *filters) match(frame *sniffer.Frame) (bool, error) {
	last := f.last.Load()
	if last == nil || last.link != frame.LinkType {
		c, err := f.compile(frame.LinkType)
		if err != nil {
			return false, err
		}
		last = &linkFilter{frame.LinkType, c}
		f.last.Store(last)
	}
	return last.Match(frame.Data, frame.Length), nil
}
