package class

import (
	"encoding/binary"
	"os"
	"slices"
	"testing"
)

// linked is the beginning of a 64-bit ELF file with one program header, of its loader.
func linked(loader string) []byte {
	b := make([]byte, 64+56)
	copy(b, "\x7fELF\x02\x01\x01")
	binary.LittleEndian.PutUint64(b[32:], 64) // program headers
	binary.LittleEndian.PutUint16(b[56:], 1)
	binary.LittleEndian.PutUint32(b[64:], 3) // PT_INTERP
	binary.LittleEndian.PutUint64(b[64+8:], uint64(len(b)))
	binary.LittleEndian.PutUint64(b[64+32:], uint64(len(loader)+1))
	return append(b, loader+"\x00"...)
}

func TestInterpreter(t *testing.T) {
	for _, test := range []struct {
		program string
		want    []string
	}{
		{"", nil},
		{"#!", nil},
		{"#!/bin/sh\n", []string{"/bin/sh"}},
		{"#! /usr/bin/env -S python3 -u\nimport os\n", []string{"/usr/bin/env", "-S", "python3", "-u"}},
		{"#!/bin/sh", []string{"/bin/sh"}},
		{string(linked("/lib64/ld-linux-x86-64.so.2")), []string{"/lib64/ld-linux-x86-64.so.2"}},
		{string(linked("/lib64/ld-linux-x86-64.so.2")[:70]), nil},
		{"\x7fELF\x01\x01" + string(make([]byte, 100)), nil},
		{"print(1)\n", nil},
	} {
		if got := interpreter([]byte(test.program)); !slices.Equal(got, test.want) {
			t.Errorf("%.40q: %q, want %q", test.program, got, test.want)
		}
	}
	// This test is linked by Go: with or without a loader, which then is there.
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if name := lacking(self, isFile); name != "" {
		t.Errorf("this program runs, and lacks %s", name)
	}
}

// What a header says of its file need not be so.
func TestInterpreterBeyondTheFile(t *testing.T) {
	for _, at := range []struct{ offset, length uint64 }{{1000, 200}, {1 << 63, 200}, {1<<64 - 1, 255}, {0, 255}, {119, 2}} {
		program := linked("")[:120]
		binary.LittleEndian.PutUint64(program[64+8:], at.offset)
		binary.LittleEndian.PutUint64(program[64+32:], at.length)
		if got := interpreter(program); got != nil {
			t.Errorf("%d bytes at %d of %d: %q", at.length, at.offset, len(program), got)
		}
	}
}

// A place lacks what people have on their machines; what is a student's own invention is
// no lack of the place's.
func TestLacking(t *testing.T) {
	t.Setenv("PATH", "/:/usr/local/bin:/usr/bin:.")
	bare := func(string) bool { return false }
	full := func(path string) bool {
		return slices.Contains([]string{"/bin/sh", "/usr/bin/env", "/usr/bin/python3"}, path)
	}
	for _, test := range []struct{ program, bare, full string }{
		{"#!/bin/sh\n", "/bin/sh", ""},
		{"#!/usr/bin/env python3\n", "/usr/bin/env", ""},
		{"#!/usr/bin/env ruby\n", "/usr/bin/env", "ruby"},
		{"#!/usr/bin/env -S A=1 python3 -u\n", "/usr/bin/env", ""},
		{"#!/usr/bin/env ./python3\n", "/usr/bin/env", ""},
		{"#!/usr/bin/env\n", "/usr/bin/env", ""},
		{"#!/home/alice/bin/python3\n", "", ""},
		{"#!/usr/../home/python3\n", "", ""},
		{"#!python3\n", "", ""},
		{string(linked("/lib64/ld-musl.so.1")), "/lib64/ld-musl.so.1", "/lib64/ld-musl.so.1"},
		{"no program", "", ""},
	} {
		if got := lacking([]byte(test.program), bare); got != test.bare {
			t.Errorf("%.40q in an image of wirelab alone: lacks %q, want %q", test.program, got, test.bare)
		}
		if got := lacking([]byte(test.program), full); got != test.full {
			t.Errorf("%.40q on a machine: lacks %q, want %q", test.program, got, test.full)
		}
	}
}

func FuzzInterpreter(f *testing.F) {
	f.Add([]byte("#!/usr/bin/env python3\n"))
	f.Add(linked("/lib64/ld-linux-x86-64.so.2"))
	f.Fuzz(func(t *testing.T, program []byte) {
		for _, word := range interpreter(program) {
			if len(word) > maxInterpreter {
				t.Errorf("a word of %d bytes", len(word))
			}
		}
		lacking(program, func(string) bool { return true })
	})
}
