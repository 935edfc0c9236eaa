// Package chat is a chat room and the protocol by which people reach it. A Room
// decides who is told what: names, history, resuming, private lines, moderation.
// It appends lines to one Log, which is history, resumption and fan-out at once;
// a member is a position in the log. The package knows no sockets, no terminals
// and no clients: chat/server serves a room over TCP and UDP, chat/client is the
// other end.
//
// # Lines
//
// A Line is what the room tells. Our own client reads it as
//
//	SEQ\tUNIXMILLIS\tKIND\tNAME\tTEXT\n
//
// Neither a name nor a text contains a tab or any other control character. Lines
// for everyone are numbered from 1 without a gap:
//
//	say     NAME said TEXT
//	me      NAME does TEXT
//	join    NAME joined over the transport TEXT (tcp, udp, or web for a browser)
//	leave   NAME left for the reason TEXT; "exit" if NAME said so
//	kick    NAME was removed by the server's console; TEXT is the reason or empty
//	nick    NAME is called TEXT from now on
//	topic   NAME made TEXT the room's topic
//	notice  the server itself says TEXT
//	ignored stands, without NAME and TEXT, for a line of someone whom this client
//	        ignores (/ignore): it keeps the numbers without a gap
//
// Lines for one member alone have the number of the last line before them, so
// that they make no gap:
//
//	you     your name is NAME; TEXT is the token to resume with, over TCP
//	who     NAME is here, over the transport TEXT, which ", away" may follow, or
//	        ", away: " and a reason; the answer to /who, which a reply ends
//	msg     NAME says TEXT to you alone
//	reply   TEXT answers a command (/help has a line for each, /msg the text sent)
//	error   what you sent was not done, or you are cut: TEXT says why
//
// TEXT of a notice, reply or error is English. NAME is its code in the catalogue
// (internal/i18n), then for each argument a blank and "ARGUMENT=START-END", the bytes
// of TEXT in which it stands: a client translates by these. Without a code NAME is
// empty. The reason of a kick is "banned" or "banned: REASON" for a ban.
//
// A client ignores kinds that it does not know.
//
// # TCP
//
// Lines of UTF-8 end in \n and have at most MaxLine bytes. The first bytes tell
// the clients apart, all on one port:
//
//   - "CHAT/1 NAME\n" is our own client. The server sends you, then the last 50
//     lines of the room, and the joins and leaves between them, at most 500 lines in
//     all (the SEQ of you is that of the line before them), then the
//     join of NAME itself and every line from then on. The client is sent what it
//     says itself. "CHAT/1 NAME resume=SEQ token=TOKEN\n" is a client that has lost
//     its connection. With a valid token it has its name back at once (a connection
//     that it still has is closed, and nobody is told), and after you it is sent
//     exactly the lines after SEQ. With an invalid one, with one that is in use at
//     another address and answers there, or if those lines are no longer in the
//     log, it joins as a new client: the SEQ of you says where its lines begin. A
//     refusal is a line of kind error, then the end.
//   - Any other line is a name typed into nc or telnet (telnet's negotiation is
//     removed). Its user is sent "name: text" and "* name joined", without the
//     lines that they typed themselves. More than three people who come or go in a
//     row are a number: "* 37 joined, 2 left".
//   - Bytes without \n, then 250 ms of silence, are the course note's client.py:
//     chat/server/dialect says what it sends and understands.
//   - HTTP is answered with a page by which a browser joins, where the server was told
//     to (chat/web says how), and otherwise as what follows.
//   - TLS, SSH, IRC, SMTP, binary protocols and "CHAT/2" are known by their first
//     bytes: whoever speaks them is told what this is, in their way, and never joins.
//
// A client that sends nothing for 300 ms, or for 3 s where browsers have a page, is
// asked "server\t: your name?\n". Our
// own client ignores lines before you.
//
// # Texts
//
// "/word …" is a command, which the server answers: /help lists them. "//x"
// says "/x". "exit" alone leaves, as in the course note. The server stops reading
// from a client whose lines come faster than the limit until it is due again. What
// was spent counts for the next connection of the same member or from the same
// address, which waits, or is refused, before it joins. A
// muted member that says something to others is answered with error.
//
// If the room has a topic, a member that joins over TCP is sent it after its own
// join, as a reply. A member that resumes, or joins over UDP, is not: /topic
// shows it.
//
// # UDP
//
// A datagram has at most MaxDatagram bytes. The client's is "NAME\tTEXT" (a \n
// after it is ignored); the server's is one Line, as over TCP but without its \n.
// A client joins with the first text that it says. It receives messages from then
// on, but no history. A client that sends one datagram and exits receives nothing.
// Its own texts and its own join are not sent back to it. Where somebody has the name
// that it asks for it is told the one that it has by a line of kind you, without a token,
// and sends that from then on. SEQ counts the lines
// that were sent to this client, from 1, so that a gap is a loss. A client that
// closes its socket tells nobody: after 75 s of silence the room says that it has
// left. A datagram with an empty text ("NAME\t"), 30 s after the last datagram,
// says that a client is still there; none precedes its first text and none follows
// its end. "exit" and /quit are said like any text, end the membership at once,
// and are not answered.
//
// To an address outside the networks of its own machine the server sends only
// "\tCOOKIE", which is no longer than the datagram from there, until a datagram
// "\tCOOKIE\tNAME\tTEXT" proves that the client receives there. A text without the
// cookie is not said: the client says it again. Outside the server's networks a
// client pads a datagram that is shorter than a cookie with \n; elsewhere it does so
// when it is asked to, by a datagram that is a single tab. On its own networks, too,
// the server asks for a cookie once 64 members have not shown one: those networks'
// addresses can be forged there. It answers from the address that was asked.
//
// Someone whom the console keeps out is refused as above over TCP, and over UDP by a
// datagram of kind error, at most once a second, after it was asked for a cookie. A
// muted member, or one who speaks while the room is quiet or slow, is answered by
// error.
package chat
