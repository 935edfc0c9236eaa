// Package tui is the terminal client of a chat room. View is pure: keys and a
// session's events go in, and what to write and to say comes out. Run connects it to
// a terminal (internal/inline) and a session (chat/client).
package tui
