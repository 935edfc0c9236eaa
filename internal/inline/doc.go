// Package inline draws a program's output and one line of input on a terminal:
// the output scrolls past above, a status line and the line being typed stay
// below.
//
// It draws inline. It uses no alternate screen, no mouse, no hidden cursor and
// no keyboard protocol: `docker attach` leaves all of them behind when it is
// detached, and the program is not told. Scroll-back is the terminal's own.
//
// Decoder, Editor and Screen are pure: bytes, keys and lines go in, and what to
// write comes out. They are for one goroutine. Terminal, Writer and Console are
// the thin part that has a terminal's modes, signals and goroutines. The package
// knows nothing about chat.
package inline
