// Package trace reads a capture of a lab. A Recording holds its frames, says which
// host sent each of them, and finds the barriers that end the phases. A Projection
// turns a part of a recording into the lines that a claim compares.
//
// The package knows frames, hosts and markers. It does not know what an experiment
// expects (lab/claim) nor how a lab is brought up, and it opens no process, socket or
// file: it reads from an io.Reader and writes to an io.Writer.
package trace
