// Package cmdline makes one command line of the parts' cobra commands: their
// help, their errors and their completion, in the language of the person who
// types.
//
// The help of a command is two text files that read as it is printed, in the
// folder help beside the command's code: run.en.txt and run.zh-TW.txt, and
// chat-serve.en.txt for a command of a command. The first line is the short
// text, what follows the long one; then come the sections
//
//	-- examples --
//	# what it does, on a line of its own
//	wirelab run ping
//	-- flags --
//	backend NAME: where the lab runs; NAME is what stands behind the flag, if
//	  anything does, and a long text continues on an indented line
//
// {{NAME}} in a line of its own stands for a table that the code makes. Commands
// and flags have no text in the code.
package cmdline
