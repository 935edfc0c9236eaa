// Package lab is the engine. It brings up hosts on Ethernet segments, starts programs
// on them, captures what crosses the wire, and sets barriers. Everything that hosts
// sent before a barrier is in the capture.
//
// A Backend brings up the hosts, in namespaces (lab/netns) or in containers
// (lab/docker); this package knows none of them. It does not know what an experiment
// is (lab/script), what it expects (lab/claim), nor how a result is shown (lab/report).
// Go tests use package lab/labtest.
package lab
