// Package chat is a chat room that people reach over TCP and UDP at once.
//
// A Room decides who hears what and knows no sockets: it appends lines to one
// record, which is history, resumption and fan-out at once. A Server carries it
// over a net.Listener and a net.PacketConn; a client of it is a cursor in the
// record. A Client is the other end of either. The package knows no terminals,
// no ports and no names of hosts: those are the commands' (chat/cli).
//
// # Lines
//
// What the room tells is a Line; our own client reads it as
//
//	SEQ\tUNIXMILLIS\tKIND\tNAME\tTEXT\n
//
// Neither a name nor a text contains a tab or any other control. Lines that all
// hear are numbered from 1 on without a gap:
//
//	say     NAME said TEXT
//	me      NAME does TEXT
//	join    NAME joined over the transport TEXT (tcp or udp)
//	leave   NAME left for the reason TEXT; "exit" if NAME said so
//	kick    NAME was removed by the server's console; TEXT is the reason or empty
//	nick    NAME is called TEXT from now on
//	topic   NAME made TEXT the room's topic
//	notice  the server itself has something to tell: TEXT
//
// Lines that one person alone hears have the number of the last line before
// them, so that they are no gap:
//
//	you     your name is NAME; TEXT is the token to resume with
//	who     NAME is here, over the transport TEXT, which ", away: " and a reason may
//	        follow; the answer to /who, which a reply ends
//	msg     NAME says TEXT to you alone
//	reply   TEXT answers a command (/help has a line for each, /msg what was sent)
//	error   what you sent was not done, or you are cut: TEXT says why
//
// A client passes over kinds that it does not know.
//
// # TCP
//
// Lines of UTF-8 that end in \n, at most MaxLine bytes each. The first bytes
// tell the clients apart, all on one port:
//
//   - "CHAT/1 NAME\n" is our own. It is answered by you, then by the last 50
//     lines of the room (the SEQ of you is that of the line before them), then
//     by the join of NAME itself and whatever happens. It hears what it says.
//     "CHAT/1 NAME resume=SEQ token=TOKEN\n" is one that has lost its
//     connection: if the token is good it has its name back at once (a
//     connection that it still has is closed, and nobody hears of it) and is
//     sent, after you, exactly the lines after SEQ. If it is not, or
//     they are no longer in the record, it joins as one that is new: the SEQ of
//     you says where its lines begin. A refusal is a line of kind error, then
//     the end.
//   - Any other line is a name typed into nc or telnet (whose negotiation is
//     taken out). Its user is sent "name: text" and "* name joined", and not
//     what they typed themselves.
//   - Bytes without \n, then 250 ms of quiet, are the course note's client.py:
//     see note.go for what it sends and what it can bear.
//   - "GET " is a browser: it is told what this is. TLS is refused.
//
// Who sends nothing for 300 ms is asked "server\t: your name?\n". Our own
// client passes over lines before you.
//
// # Texts
//
// "/word …" is a command, which the server answers: /help lists them. "//x"
// says "/x". "exit" alone leaves, as in the note. A client whose lines come
// faster than the limit is not read from until they are due again. What would
// have others hear of someone whom the console has muted is answered with error.
//
// Where the room has a topic, who joins over TCP is told it after its own join,
// as a reply; who resumes is not, nor is who joins over UDP: /topic shows it.
//
// # UDP
//
// A datagram of at most MaxDatagram bytes is "NAME\tTEXT" from a client (a \n
// after it counts for nothing) and one Line, as over TCP but without its \n,
// from the server. A client joins by the first thing it says: it is sent what is
// told from then on, and no history: who says one thing and goes is sent
// nothing. What it says and its own join do not come back to it; SEQ counts the
// lines that were sent to this client, from 1, so that a gap is a loss. It
// leaves without a word: who has sent nothing for 75 s
// is announced as gone. A datagram with an empty text ("NAME\t"), every 30 s
// after the last, says that a client is still there; there is none before its
// first text and none at its end. "exit" and /quit are said like any text,
// end the membership at once, and are not answered.
//
// To an address that is not on a network of the server's own the server sends
// nothing but "\tCOOKIE", which is no longer than what came from there, until
// that comes back: "\tCOOKIE\tNAME\tTEXT". What was said without it was not
// heard; the client says it again. A client pads what is shorter than a cookie
// with \n where the server is not on its network.
//
// From a banned address a connection is refused as above, and a datagram by one
// of kind error, at most once a second.
package chat
