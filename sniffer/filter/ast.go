package filter

import "net/netip"

// expression is what a filter says: one of the types below.
type expression interface{ isExpression() }

type (
	conjunction struct { // and, or
		or          bool
		left, right expression
	}
	negation struct{ of expression }

	// address is a primitive with an address, port or protocol number.
	address struct {
		q qualifiers
		operand
	}
	protocol struct { // tcp
		pos  int
		name string
	}
	cast struct { // broadcast, ip6 multicast
		pos       int
		proto     string
		multicast bool
	}
	frameSize struct { // less, greater
		atLeast bool
		bytes   uint32
	}
	vlanTag struct {
		pos   int
		hasID bool
		id    token
	}
	tunnel struct { // mpls, pppoed, pppoes, geneve, vxlan
		pos   int
		name  string
		hasID bool
		id    token
	}
	llcFrame struct { // llc, llc rr
		pos  int
		kind string
	}
	heading  struct{ outbound bool } // inbound, outbound
	relation struct {
		op          string
		left, right arithmetic
	}
)

func (conjunction) isExpression() {}
func (negation) isExpression()    {}
func (address) isExpression()     {}
func (protocol) isExpression()    {}
func (cast) isExpression()        {}
func (frameSize) isExpression()   {}
func (vlanTag) isExpression()     {}
func (tunnel) isExpression()      {}
func (llcFrame) isExpression()    {}
func (heading) isExpression()     {}
func (relation) isExpression()    {}

// qualifiers are the words before an address. Empty ones are left open.
type qualifiers struct {
	pos   int    // of the first word
	proto string // ether, ip, tcp, …
	dir   string // src, dst, "src or dst", "src and dst"
	kind  string // host, net, port, portrange, proto, protochain
}

// operand is what the qualifiers are about.
type operand struct {
	token
	prefix  int        // bits of a network, -1 if not given
	mask    netip.Addr // of a network, if given
	maskPos int        // of the prefix or mask
}

// arithmetic is a side of a relation: one of the types below.
type arithmetic interface{ isArithmetic() }

type (
	number struct{ n uint32 }
	length struct{}
	access struct { // tcp[13:1]
		pos      int
		proto    string
		index    arithmetic
		indexPos int
		size     uint32
	}
	operation struct {
		op          string
		left, right arithmetic
		rightPos    int
	}
	negative struct{ of arithmetic }
)

func (number) isArithmetic()    {}
func (length) isArithmetic()    {}
func (access) isArithmetic()    {}
func (operation) isArithmetic() {}
func (negative) isArithmetic()  {}
