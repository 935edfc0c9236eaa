package render

import "wirelab/sniffer"

// Node is a line of the tree of a packet's layers: a layer, or a field of one.
type Node struct {
	Depth int    `json:"depth"` // 0 for a layer, 1 for what is in it
	Name  string `json:"name"`  // as JSON has it
	Value string `json:"value"` // safe to show; of a layer how many bytes it has
	// The bytes of the outermost frame that hold it are From to To-1; both are 0 for
	// what follows from others.
	From int `json:"from"`
	To   int `json:"to"`
	// Bits are those of the bytes that are the field's, with dots for others; "" where
	// all are.
	Bits string `json:"bits,omitempty"`
}

// Tree returns the layers of a packet and all fields of each, in the order of NewFields:
// what that prints as text, as nodes that know their bytes.
func Tree(p *sniffer.Packet, o Options) []Node {
	o.Colour = false
	l := &fieldList{o: o}
	w := &fields{nodes: []Node{}}
	l.frame(w, p)
	return w.nodes
}

// node keeps a line as a node, of which w.dst has the value behind start.
func (w *fields) node(label string, start int, place func()) {
	n := Node{Depth: w.indent / 2, Name: label, Value: string(w.dst[start:])}
	w.from, w.to, w.own = 0, 0, ""
	if place != nil {
		place()
		n.From, n.To, n.Bits = w.from, w.to, w.own
	}
	if label != "" { // rows of bytes have none: the bytes themselves are shown
		w.nodes = append(w.nodes, n)
	}
	w.dst = w.dst[:0]
}
