// Package claim says what an experiment expects of the wire and judges a
// recording by it.
//
// It is pure: it starts no process, opens no socket and no file. It does not
// know how a recording came about, nor how a verdict is shown (lab/report): a
// verdict's reasons are codes and arguments.
package claim
