// Package cage runs a program that nobody trusts on a host of a lab: a student's.
//
// It has the host's network and nothing else of this machine. It is in namespaces of its
// own, of users, processes, mounts and IPC: it sees no process but its own, has no
// capability, and its files are a small file system in memory with the machine's /usr,
// read-only, so that a script finds its interpreter. Memory, processor time, processes
// and files are bounded.
//
// What it may still do is what the lab judges: send packets, from its host's address, as
// an ordinary program does. Raw sockets it cannot have: the network namespace is the
// lab's, and so are the capabilities over it (user_namespaces(7)).
package cage

// Uncaged is the exit code of a program that was not run, as it cannot be locked in here. No
// program has it: one that ends with it has 126.
const Uncaged = 125

// The bounds of a caged program.
const (
	MaxProgram   = 32 << 20  // bytes of its file
	maxFiles     = 64 << 20  // bytes of all its files together
	maxData      = 768 << 20 // bytes of memory of a process
	maxSeconds   = 120       // of processor time
	maxProcesses = 256
	maxOpen      = 256 // files
)
