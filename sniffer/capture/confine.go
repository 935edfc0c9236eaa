package capture

// Confine gives up, for good and in every thread, all privileges that an ordinary process
// does not have. Call it after Open and before the first Frames: then a frame that takes
// over the reader gains nothing. The open socket keeps working.
//
// Under sudo the process becomes the user who called it, who will own the files that it
// writes. Then every capability is dropped and no_new_privs set (prctl(2)), except where
// /proc is not that of the process's own PID namespace, as in some labs. On systems other
// than Linux Confine does nothing.
func Confine() error { return confine() }
