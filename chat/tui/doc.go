// Package tui is the chat's interface on a terminal: what is told scrolls by
// above, a status line and the line being typed stay below.
//
// It draws inline. There is no alternate screen, no mouse, no hidden cursor, no
// keyboard protocol: nothing that a terminal would keep after `docker attach`
// was detached from it, upon which no program has a say any more. Scroll-back
// is the terminal's own.
//
// Decoder, Editor, Inline and Room are pure: bytes, keys and lines of the room
// go in, what is to be written comes out. They are for one goroutine. Terminal
// is the thin part that has a terminal's modes, signals and goroutines. The
// package knows no connections: those are the command's (chat/cli).
package tui
