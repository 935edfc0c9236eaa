// Package cable is a cable of the lab's own, in user space: it carries the frames of
// a host between two interfaces over AF_PACKET sockets (packet(7)), and lets the
// rules of package fault act on them. It needs no more of the kernel than a capture
// does, keeps the order of the frames of each direction, and counts every frame
// that it lost and no rule made it lose.
//
// It acts in the network namespace of the calling thread, and does not know what the
// interfaces lead to.
package cable
