// Package lab is the engine: it brings up hosts on an Ethernet segment, starts
// programs on them, captures what crosses the wire and sets barriers, behind
// which the capture is known to be complete.
//
// A Backend brings up the hosts; this package knows none of them. It does not
// know what an experiment is (lab/script), what it expects (lab/claim), nor how
// a result is shown (lab/report), and has no text for people.
package lab
