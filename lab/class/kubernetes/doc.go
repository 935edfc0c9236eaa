// Package kubernetes carries a class's jobs out on a cluster: one lab is one pod of an
// Indexed Job. The API server is the only transport: jobs go to the pods in ConfigMaps,
// results come back in their termination messages and captures in their logs (lab/class/
// pack). No volume, store, service or operator is needed, and nothing has to be installed
// but, on the nodes, one seccomp profile (lab/class/seccomp).
//
// The cluster is the state. A pod keeps its status until its result has been stored, by a
// finalizer, and a run goes on while nobody collects: whoever runs the same course again
// finds what has been done. Everything of a run carries its id as a label, and is found
// and removed by that label alone.
//
// The package is linked into the program wirelab-class alone: what client-go links would
// make each start of wirelab on a lab's host slower (docs/decisions.md).
package kubernetes
