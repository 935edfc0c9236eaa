// Package web serves the lab's page: what crosses the wire of an experiment, of a lab that
// is up or of a capture file is watched in a browser, live and step by step.
//
// It knows experiments, recordings and reports. It does not know the backends: who makes a
// Server says how an experiment is run and which labs are up. It runs nothing else.
package web
