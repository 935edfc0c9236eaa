package render

// Measures of the picture in pixels. Text is monospaced, and its characters
// are a little narrower than charWidth in the fonts that systems have.
const (
	margin      = 24
	gutterWidth = 144 // numbers and times, left of the first lane
	numberEnd   = margin + 36
	markAt      = margin + 48
	timeEnd     = margin + gutterWidth - 12
	headHeight  = 46 // lane names
	titleHeight = 40
	rowHeight   = 30
	namesHeight = 22 // of the lanes' names within the picture
	lineHeight  = 20 // of the legend and of notes
	charWidth   = 7.3
	laneHalf    = 46  // of a lane's box, at least
	minLane     = 150 // from lane to lane
	maxLane     = 380
	maxLabel    = 46 // columns of a packet's text
)

// The picture needs no colour to be read: the words are there, and a kind of
// packet has its own dashes. Its colours are those of the text on a terminal. Dark is what the reader's system prefers.
const style = `
text { font: 12px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, "Noto Sans Mono CJK TC", monospace; fill: #1f2328 }
.back { fill: #ffffff } .what, .phase { stroke: #ffffff; stroke-width: 4; stroke-linejoin: round; paint-order: stroke } .what { text-anchor: middle }
.title { font-size: 16px; font-weight: 600 } .host { font-size: 13px; font-weight: 600; text-anchor: middle }
.box { fill: #f6f8fa; stroke: #d0d7de } .lane { stroke: #d0d7de; stroke-width: 1.5 }
.number { font-weight: 600; text-anchor: end } .time, .legend { fill: #59636e } .time { text-anchor: end }
.phase { font-size: 13px; font-weight: 600 } .mark { font-weight: 600; text-anchor: middle } .right { fill: #1a7f37 } .unsure { fill: #9a6700 } .wrong { fill: #cf222e } .aside { text-anchor: start } .rule { stroke: #d0d7de; stroke-dasharray: 4 4 }
.packet line, .packet path.loop, .packet path.lost { stroke: currentColor; stroke-width: 1.75; fill: none } .packet path.head, .packet circle { fill: currentColor } .packet circle.witness { fill: #ffffff; stroke: currentColor; stroke-width: 1.75 }
.hit { fill: transparent } .packet:hover .hit { fill: #818b98; fill-opacity: 0.12 }
.tcp { color: #1a7f37 } .udp { color: #1b7c83 } .arp { color: #9a6700 } .icmp { color: #8250df } .ip { color: #0969da } .other { color: #59636e } .malformed { color: #cf222e }
.udp line { stroke-dasharray: 9 4 } .arp line { stroke-dasharray: 2 4 } .icmp line { stroke-dasharray: 9 3 2 3 } .ip line, .other line { stroke-dasharray: 4 4 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .back, .packet circle.witness { fill: #0d1117 } .what, .phase { stroke: #0d1117 } .box { fill: #161b22; stroke: #3d444d } .lane, .rule { stroke: #3d444d }
.time, .legend { fill: #9198a1 } .right { fill: #3fb950 } .unsure { fill: #d29922 } .wrong { fill: #ff7b72 }
.tcp { color: #3fb950 } .udp { color: #39c5cf } .arp { color: #d29922 } .icmp { color: #bc8cff } .ip { color: #58a6ff } .other { color: #9198a1 } .malformed { color: #ff7b72 }
}
`
