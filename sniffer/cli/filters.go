package cli

import (
	"errors"
	"slices"
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
	mu         sync.Mutex
	hosts      filter.Hosts // that it may name
	compiled   map[sniffer.LinkType]*filter.Filter
	last       atomic.Pointer[linkFilter] // most files have one link type
	refused    []sniffer.LinkType         // whose frames it cannot judge
}

// linkFilter is the filter of a link type, nil where there can be none.
type linkFilter struct {
	link sniffer.LinkType
	*filter.Filter
}

func newFilters(expression string) *filters {
	return &filters{expression: expression, compiled: map[sniffer.LinkType]*filter.Filter{}}
}

// inUse reports whether there is an expression.
func (f *filters) inUse() bool { return f.expression != "" }

// give sets the hosts that the expression may name.
func (f *filters) give(hosts filter.Hosts) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hosts = hosts
}

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

// refuse notes that a link type has no filter.
func (f *filters) refuse(link sniffer.LinkType) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Contains(f.refused, link) {
		f.refused = append(f.refused, link)
	}
}

// match reports whether a frame of a file is wanted. One of a link type that has no
// filter is not.
func (f *filters) match(frame *sniffer.Frame) (bool, error) {
	last := f.last.Load()
	if last == nil || last.link != frame.LinkType {
		c, err := f.compile(frame.LinkType)
		if errors.Is(err, filter.ErrLinkType) {
			f.refuse(frame.LinkType)
		} else if err != nil {
			return false, err
		}
		last = &linkFilter{frame.LinkType, c}
		f.last.Store(last)
	}
	return last.Filter != nil && last.MatchFrame(frame), nil
}
