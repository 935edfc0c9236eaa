// Package chat is a chat room that people reach over TCP and UDP at once.
//
// A Room decides who hears what and knows no sockets. A Server carries it over
// a net.Listener and a net.PacketConn; a Client is the other end of either.
// The package knows no terminals, no ports and no names of hosts: those are
// the commands' (chat/cli).
//
// # TCP
//
// Lines of UTF-8 that end in \n, at most MaxLine bytes each. The first line
// of our own client is "CHAT/1 NAME"; it is answered by a line of kind You that
// says which name was given, and from then on the client sends texts and gets
// lines in the form of Line.Append, its own included. Any other first line is
// a name typed into nc or telnet, whose user then sees "name: text", and not
// what they typed themselves.
//
// # UDP
//
// A datagram is "NAME\tTEXT" from a client and one Line, as over TCP but
// without its \n, from the server; at most MaxDatagram bytes. A client joins
// by the first thing it says and leaves without a word: the protocol has no
// greeting and no farewell. Who is silent for long is dropped.
package chat
