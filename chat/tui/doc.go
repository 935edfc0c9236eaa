// Package tui is the chat's interface on a terminal. Room is pure: keys and
// lines of the room go in, and what to write and to say comes out. The package
// knows no connections: those are the command's (chat/cli).
package tui
