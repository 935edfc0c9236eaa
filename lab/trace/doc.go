// Package trace is what the sniffer saw of a lab: a Recording that grows frame
// by frame, the barriers and phases in it, who sent what, and the projection
// of it to the lines that a claim is about.
//
// It knows frames, hosts and markers. It does not know what an experiment
// expects (lab/claim), how a lab is brought up, nor any process, socket or
// file: it reads from an io.Reader and writes to an io.Writer.
package trace
