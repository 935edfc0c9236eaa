// Package lab brings up hosts on one Ethernet segment, runs experiments on
// them and judges what the sniffer saw.
//
// An experiment is a script and the traces it expects (Experiment). A Backend
// brings up the hosts; this package knows none of them. A Lab captures,
// executes and settles; a Record is its finished capture, or one made
// elsewhere, and Record.Judge gives the verdicts.
package lab
