package render

import (
	"bufio"
	"fmt"
	"io"

	"wirelab/internal/i18n"
	"wirelab/sniffer/statistics"
)

// Measures of the picture of a rate, in pixels.
const (
	rateWidth  = 720
	rateHeight = 160
	rateSteps  = 120
)

// RateSVG draws frames over time as bars.
func RateSVG(w io.Writer, r statistics.Rate, o Options) error {
	out := bufio.NewWriter(w)
	r = r.Fit(rateSteps)
	title := i18n.Text(o.Lang, "sniff.stats.rate", "Step", Duration(r.Step), "Most", r.Most())
	const width, height = rateWidth + 2*margin, rateHeight + titleHeight + 2*margin
	fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img">`+"\n", width, height, width, height)
	fmt.Fprintf(out, "<title>%s</title>\n<style>%s</style>\n", escapeXML(title), style)
	fmt.Fprintf(out, `<rect class="back" width="%d" height="%d"/>`+"\n", width, height)
	fmt.Fprintf(out, `<text x="%d" y="%d">%s</text>`+"\n", margin, margin+12, escapeXML(title))
	bottom, most := float64(margin+titleHeight+rateHeight), float64(max(r.Most(), 1))
	step := float64(rateWidth) / float64(max(len(r.Steps), 1))
	for i, n := range r.Steps {
		if n == 0 {
			continue
		}
		tall := float64(n) / most * rateHeight
		fmt.Fprintf(out, `<g class="tcp"><rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="currentColor"><title>%d</title></rect></g>`+"\n",
			margin+float64(i)*step, bottom-tall, max(step-1, 1), tall, n)
	}
	fmt.Fprintf(out, `<line class="lane" x1="%d" y1="%.1f" x2="%d" y2="%.1f"/>`+"\n</svg>\n", margin, bottom, margin+rateWidth, bottom)
	return out.Flush()
}
