package render

import (
	"wirelab/sniffer"
	"wirelab/sniffer/internal/digits"
)

// carriers are the layers that appendCarriers appends.
const carriers = sniffer.PKTAP | sniffer.Radiotap | sniffer.WLAN | sniffer.NFLOG | sniffer.PPP | sniffer.PPPoE | sniffer.MPLS

// appendCarriers appends what stands between the beginning of a frame and the
// network layer beside Ethernet and its like.
func (j *jsonPrinter) appendCarriers(dst []byte, p *sniffer.Packet) []byte {
	if p.Has(sniffer.PKTAP) {
		dst = appendBytesString(append(dst, `,"pktap":{"interface":`...), p.PKTAPInterface())
		dst = appendInt(append(dst, `,"process_id":`...), p.PKTAPProcessID())
		dst = append(appendBytesString(append(dst, `,"process":`...), p.PKTAPProcess()), '}')
	}
	if p.Has(sniffer.Radiotap) {
		dst = digits.AppendUint(append(dst, `,"radiotap":{"length":`...), uint64(p.Data[2])|uint64(p.Data[3])<<8)
		dst = append(dst, '}')
	}
	if p.Has(sniffer.WLAN) {
		dst = j.appendFields(append(dst, `,"wlan":`...), p.WLANHeader(), jsonWLAN)
		dst = append(append(append(dst, `,"name":"`...), sniffer.WLANWords(p)...), '"')
		if p.SrcMAC != (sniffer.MAC{}) {
			dst = p.SrcMAC.AppendTo(append(dst, `,"src":"`...))
			dst = append(p.DstMAC.AppendTo(append(dst, `","dst":"`...)), '"')
		}
		if p.EtherType != 0 {
			dst = digits.AppendUint(append(dst, `,"ether_type":`...), uint64(p.EtherType))
		}
		dst = append(dst, '}')
	}
	if p.Has(sniffer.NFLOG) {
		dst = append(j.appendFields(append(dst, `,"nflog":`...), p.Data, jsonNFLOG), '}')
	}
	if p.Has(sniffer.PPP) {
		dst = digits.AppendUint(append(dst, `,"ppp":{"protocol":`...), uint64(p.PPPProtocol()))
		dst = append(dst, '}')
	}
	if p.Has(sniffer.PPPoE) {
		dst = append(j.appendFields(append(dst, `,"pppoe":`...), p.Data[p.NetworkOffset:], jsonPPPoE), '}')
	}
	if p.Has(sniffer.MPLS) {
		dst = append(dst, `,"mpls":[`...)
		p.Labels(func(at int) { dst = append(j.appendFields(comma(dst), p.Data[at:], jsonMPLS), '}') })
		dst = append(dst, ']')
	}
	return dst
}

// appendBytesString is appendString for bytes of a frame.
func appendBytesString(dst, text []byte) []byte {
	if !plain(text) {
		return appendString(dst, string(text))
	}
	start := len(dst)
	return endString(append(append(dst, '"'), text...), start)
}

// appendUDPTunnel appends the header h of VXLAN or Geneve, whose end the caller
// appends.
func (j *jsonPrinter) appendUDPTunnel(dst []byte, p *sniffer.Packet, h []byte) []byte {
	if p.Has(sniffer.VXLAN) {
		return j.appendFields(append(dst, `,"vxlan":`...), h, jsonVXLAN)
	}
	return j.appendFields(append(dst, `,"geneve":`...), h, jsonGeneve)
}

// appendInner appends the frame inside p.
func (j *jsonPrinter) appendInner(dst []byte, p *sniffer.Packet, base int) []byte {
	return j.appendFrame(append(dst, `,"inner":`...), p.Inner, base+p.InnerOffset())
}

// appendFrame appends a frame inside another.
func (j *jsonPrinter) appendFrame(dst []byte, p *sniffer.Packet, base int) []byte {
	dst = appendInt(append(dst, `{"offset":`...), base)
	dst = appendInt(append(dst, `,"length":`...), p.Length)
	dst = appendInt(append(dst, `,"captured":`...), len(p.Data))
	dst = j.appendDecoded(dst, p, base)
	return append(appendFault(dst, p), '}')
}
