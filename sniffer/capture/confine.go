package capture

// Confine gives up all that a process can do beyond any other, for good and in
// every thread: it is called once the socket is open and before the first frame
// is read, so that a frame that breaks the reader finds nothing to take over.
//
// Under sudo the process first becomes the user who called it, whose files it
// will write. Then every capability is dropped and no_new_privs set (prctl(2)).
// The socket keeps working. Off Linux it does nothing.
func Confine() error { return confine() }
