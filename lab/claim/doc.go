// Package claim says what an experiment expects on the wire, and judges a recording by
// it. Judge gives each Claim a Verdict: pass, fail or inconclusive.
//
// The package is pure: it starts no process and opens no socket and no file. It does
// not know how a recording came about, nor how a verdict is shown (lab/report): the
// reasons of a verdict are codes and arguments (package message).
package claim
