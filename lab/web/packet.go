package web

import (
	"bytes"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"unicode/utf8"

	"wirelab/internal/i18n"
	"wirelab/internal/safetext"
	"wirelab/lab/report"
	"wirelab/lab/trace"
	"wirelab/sniffer"
	"wirelab/sniffer/render"
	"wirelab/sniffer/stream"
)

// numbered returns the packet that is asked for, nil for none.
func numbered(r *http.Request, recording *trace.Recording) *sniffer.Packet {
	number, err := strconv.Atoi(r.FormValue("p"))
	if err != nil || recording == nil || number < 1 || number > recording.Len() {
		return nil
	}
	return recording.Packet(number)
}

// packet answers with the layers of a packet and its bytes.
func (s *Server) packet(w http.ResponseWriter, r *http.Request, c *capture) {
	out := struct {
		Row   row           `json:"row"`
		Line  string        `json:"line"` // its notation
		Nodes []render.Node `json:"nodes"`
		Hex   string        `json:"hex"`
		Flow  bool          `json:"flow"` // it belongs to a conversation that can be followed
	}{}
	found := false
	c.read(func(recording *trace.Recording) {
		p := numbered(r, recording)
		if p == nil {
			return
		}
		found = true
		options := render.Options{Names: recording.Hosts.Names, Lang: langOf(r)}
		out.Row, out.Nodes, out.Hex = c.maker(recording)(p.Number), render.Tree(p, options), hex.EncodeToString(p.Data)
		ladder := render.Ladder{Names: recording.Hosts.Names, Texts: c.texts()}
		out.Line = ladder.Line(p)
		inner := p.Innermost()
		out.Flow = inner.Has(sniffer.TCP) || inner.Has(sniffer.UDP)
	})
	if !found {
		refuse(w, r, http.StatusNotFound, i18n.Errmsg("web.nopacket"))
		return
	}
	answer(w, out)
}

// said is a part of a conversation.
type said struct {
	From    int    `json:"from"` // index of Ends
	Packet  int    `json:"packet"`
	Text    string `json:"text"`    // safe to show
	Missing int64  `json:"missing"` // bytes that the capture lacks behind it
}

// mostSaid bounds what is shown of a conversation, in bytes.
const mostSaid = 1 << 20

// follow answers with what the two ends of a packet's conversation say to each other.
func (s *Server) follow(w http.ResponseWriter, r *http.Request, c *capture) {
	var found *stream.Conversation
	ends := [2]string{}
	c.read(func(recording *trace.Recording) {
		p := numbered(r, recording)
		if p == nil {
			return
		}
		found = conversation(recording, p)
		if found != nil {
			for i, end := range found.Ends {
				ends[i] = end.String()
				if name := recording.Hosts.Names[end.Addr()]; name != "" {
					ends[i] = safetext.Escape(name) + ":" + strconv.Itoa(int(end.Port()))
				}
			}
		}
	})
	if found == nil {
		refuse(w, r, http.StatusNotFound, i18n.Errmsg("web.noflow"))
		return
	}
	out := struct {
		Ends [2]string `json:"ends"`
		Said []said    `json:"said"`
		More bool      `json:"more"` // some is not here
	}{Ends: ends, Said: []said{}}
	size := 0
	for _, part := range found.Said() {
		if size += len(part.Data); size > mostSaid {
			out.More = true
			break
		}
		text := safetext.EscapeLines(string(part.Data))
		if !utf8.Valid(part.Data) {
			text = safetext.Escape(string(part.Data))
		}
		out.Said = append(out.Said, said{part.From, part.Packet, text, part.Missing})
	}
	answer(w, out)
}

// conversation finds the conversation to which a packet belongs: the last one between its
// ends that had begun by then.
func conversation(recording *trace.Recording, p *sniffer.Packet) (found *stream.Conversation) {
	layer := p.Innermost().Layers & (sniffer.TCP | sniffer.UDP)
	if layer == 0 {
		return nil
	}
	of, _ := sniffer.FlowOf(p.Innermost())
	var all stream.Conversations
	for packet := range recording.Packets() {
		inner := packet.Innermost()
		if flow, _ := sniffer.FlowOf(inner); flow == of && inner.Has(layer) {
			all.Add(packet)
		}
		if packet.Number == p.Number {
			if begun := all.All(); len(begun) > 0 {
				found = begun[len(begun)-1]
			}
		}
	}
	return found
}

// pcapng answers with the capture as a file. One that still grows waits in the sniffer
// while it is written, so it is written to memory first: a reader may be slow.
func (s *Server) pcapng(w http.ResponseWriter, r *http.Request, c *capture) {
	w.Header().Set("Content-Type", "application/vnd.tcpdump.pcap")
	attach(w, c.name+".pcapng")
	var whole *trace.Recording
	var grown bytes.Buffer
	c.read(func(recording *trace.Recording) {
		switch {
		case recording == nil:
			_ = trace.New(trace.Hosts{}).Write(&grown)
		case c.recording != nil:
			whole = recording
		default:
			_ = recording.Write(&grown) // to memory
		}
	})
	if whole != nil {
		_ = whole.Write(w) // who reads it may have gone
		return
	}
	_, _ = grown.WriteTo(w)
}

// judged calls do with what was judged, or says that nothing was.
func (c *capture) judged(w http.ResponseWriter, r *http.Request, do func()) {
	c.mu.Lock()
	there := c.outcome != nil
	c.mu.Unlock()
	if !there {
		refuse(w, r, http.StatusNotFound, i18n.Errmsg("web.unjudged"))
		return
	}
	do()
}

// picture answers with the ladder as SVG.
func (s *Server) picture(w http.ResponseWriter, r *http.Request, c *capture) {
	c.judged(w, r, func() {
		w.Header().Set("Content-Type", "image/svg+xml")
		attach(w, c.name+".svg")
		_ = report.Picture(w, c.outcome, langOf(r))
	})
}

// report answers with what the terminal prints.
func (s *Server) report(w http.ResponseWriter, r *http.Request, c *capture) {
	c.judged(w, r, func() {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		attach(w, c.name+".txt")
		_, _ = io.WriteString(w, report.Text(c.outcome, langOf(r)))
	})
}

// result answers with the document for machines.
func (s *Server) result(w http.ResponseWriter, r *http.Request, c *capture) {
	c.judged(w, r, func() {
		w.Header().Set("Content-Type", "application/json")
		attach(w, "result.json")
		result := report.NewResult(string(c.kind))
		result.Add(c.outcome, c.name+".pcapng")
		_ = result.Encode(w)
	})
}
