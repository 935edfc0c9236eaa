// Package forks tells when what this process has closed is closed: a child that is being
// started has a copy of every descriptor until it executes its program, so that a
// connection which was closed meanwhile ends a moment later.
package forks
