// Package classtest writes the folder of an invented course: students who have handed in
// what students hand in, good, wrong, empty, of a neighbour's or hostile. It is
// for tests, and for trying a course out.
package classtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"wirelab/lab/class"
	"wirelab/lab/experiments"
)

// Config is the class.toml of the course: a prediction, a capture and a program, with
// seeds.
const Config = `name = "Invented"
deadline = "Friday 18:00"
languages = ["en", "zh-TW"]
seeds = true

[[experiment]]
name = "ping"
submission = "experiment"
points = 2

[[experiment]]
name = "tcp-once"
submission = "capture"

[[experiment]]
name = "talk.txtar"
submission = "program"
points = 5
`

// Talk is an experiment in which the student's program is a client of the chat.
const Talk = `lesson
	en    A client says one word and closes its connection.
	zh-TW 用戶端說一個字，再關閉連線。
topology client1 server sniffer
start server chat serve --tcp :${port:1} --udp :${port:2}
await server listening
start client1 ${program} server ${port:1}
await client1 ready
say client1 ${word:1}
await server ${word:1}
close client1
settle talk
expect talk.connection in talk trace tcp/${port:1}
	en    The client opens one connection, and both sides close it.
	zh-TW 用戶端建立一條連線，雙方都關閉它。
-- talk.connection --
client1 > server  SYN     acked
server  > client1 SYN ACK acked
client1 > server  FIN ACK acked
server  > client1 FIN ACK acked
`

// Client is a program that does what Talk asks for.
const Client = `#!/usr/bin/env python3
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
s.sendall(b"student\n")
print("ready", flush=True)
for line in sys.stdin:
    s.sendall(line.encode())
s.shutdown(socket.SHUT_WR)
while s.recv(4096):
    pass
s.close()
`

// Submission is what one student has handed in to one experiment, and what becomes of it.
type Submission struct {
	File string // its name; "" for nothing
	Text []byte
	Link string // where it leads to, of a symbolic link
	Want string // state of the work: pass, fail, inconclusive, missing
}

// Student is one of the course.
type Student struct {
	ID, Name string
	Work     map[string]Submission // by experiment
}

// Kinds is how many students it takes to have every kind of submission.
const Kinds = 10

// Students are as many as are asked for; they repeat after some time what others have
// handed in. Captured returns the capture of a run of the experiment tcp-once with a seed.
func Students(students int, captured func(seed string) ([]byte, error)) ([]Student, error) {
	source, err := experiments.Source("ping")
	if err != nil {
		return nil, err
	}
	good := string(source)
	wrong := strings.ReplaceAll(good, "server  > client1 is-at server\n", "")
	sections := good[strings.Index(good, "-- ping."):]
	predictions := []Submission{
		{"ping.txtar", []byte(good), "", "pass"},
		{"ping.txtar", []byte(sections), "", "pass"}, // the sections alone
		{"ping.txtar", []byte(wrong), "", "fail"},
		{"ping.txtar", []byte(sections[:strings.Index(sections, "-- ping.warm")]), "", "fail"},
		{"ping.txtar", nil, "", "fail"},
		{"ping.txtar", []byte("# I do not know\n"), "", "fail"},
		{"ping.txtar", []byte("\xff\xfe\x00binary"), "", "fail"},
		{"ping.txtar", []byte("topology client1 server client2 sniffer\nrun client1 /bin/touch /tmp/wirelab-was-here\nsettle cold\nsettle warm\n" + sections), "", "pass"},
		{"", nil, "", "missing"},
		{"ping.txtar", nil, "/etc/passwd", "missing"},
	}
	programs := []Submission{
		{"talk.py", []byte(Client), "", "pass"},
		{"talk.py", []byte(strings.Replace(Client, "s.sendall(line.encode())", "pass", 1)), "", "fail"},
		{"talk.sh", []byte("#!/bin/sh\nexit 1\n"), "", "fail"},
		{"talk", []byte("no program"), "", "fail"},
		{"talk", nil, "", "fail"},
		{"talk.sh", []byte("#!/bin/sh\ncat /etc/shadow /root/.ssh/id_rsa; rm -rf /usr /home; kill -9 -1; echo ready\n"), "", "fail"},
		{"", nil, "", "missing"},
	}
	var all []Student
	for i := range students {
		s := Student{ID: fmt.Sprintf("s%02d", i+1), Name: fmt.Sprintf("Student %d", i+1), Work: map[string]Submission{}}
		s.Work["ping"] = predictions[i%len(predictions)]
		s.Work["talk"] = programs[i%len(programs)]
		switch i {
		case 3:
			s.Name = `=cmd|' /C calc'!A1`
		case 4:
			s.Name = "<script>alert(1)</script>"
		case 5:
			s.Name = "王小明\x1b[31m"
		}
		s.Work["tcp-once"], err = capture(i, s.ID, captured)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// capture is the i-th student's.
func capture(i int, id string, captured func(seed string) ([]byte, error)) (Submission, error) {
	const file = "tcp-once.pcapng"
	seed := id
	switch i % 6 {
	case 1:
		seed = "neighbour"
	case 3:
		return Submission{file, []byte("\x0a\x0d\x0d\x0a\xff\xff\xff\xff" + strings.Repeat("\xff", 400)), "", "fail"}, nil
	case 4:
		return Submission{file, nil, "", "fail"}, nil
	case 5:
		return Submission{"", nil, "", "missing"}, nil
	}
	b, err := captured(seed)
	if err != nil {
		return Submission{}, err
	}
	switch i % 6 {
	case 1:
		return Submission{file, b, "", "inconclusive"}, nil
	case 2:
		return Submission{file, b[:len(b)/2], "", "inconclusive"}, nil
	}
	return Submission{file, b, "", "pass"}, nil
}

// Write writes the course into a folder.
func Write(dir string, students []Student) error {
	roster := "\xef\xbb\xbfid;name\r\n"
	for _, s := range students {
		roster += s.ID + `;"` + s.Name + "\"\r\n"
	}
	files := map[string][]byte{class.ConfigFile: []byte(Config), class.RosterFile: []byte(roster), "talk.txtar": []byte(Talk)}
	for _, s := range students {
		for _, w := range s.Work {
			path := filepath.Join(class.SubmissionFolder, s.ID, w.File)
			switch {
			case w.File == "":
			case w.Link == "":
				files[path] = w.Text
			default:
				if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(path)), 0o755); err != nil {
					return err
				}
				if err := os.Symlink(w.Link, filepath.Join(dir, path)); err != nil {
					return err
				}
			}
		}
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
