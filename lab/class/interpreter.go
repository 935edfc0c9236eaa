package class

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
)

// maxInterpreter bounds the path of an interpreter, in bytes (execve(2), BINPRM_BUF_SIZE).
const maxInterpreter = 255

// interpreter returns what the kernel runs a program by: of a script the words of its
// first line behind "#!", of a dynamically linked program its loader (elf(5), PT_INTERP).
// It is nil for a static program and for what is none.
func interpreter(program []byte) []string {
	if rest, ok := bytes.CutPrefix(program, []byte("#!")); ok {
		line, _, _ := bytes.Cut(rest[:min(len(rest), maxInterpreter)], []byte("\n"))
		return strings.Fields(string(line))
	}
	// 64 bits, little-endian, as all processors that wirelab is built for have it. What is
	// not so the kernel refuses by itself.
	const headers, size = 64, 56
	if len(program) < headers || !bytes.HasPrefix(program, []byte(elf.ELFMAG)) || program[elf.EI_CLASS] != byte(elf.ELFCLASS64) || program[elf.EI_DATA] != byte(elf.ELFDATA2LSB) {
		return nil
	}
	at, count := binary.LittleEndian.Uint64(program[32:]), uint64(binary.LittleEndian.Uint16(program[56:]))
	for i := range count {
		from := at + i*size
		if from < at || from > uint64(len(program))-size {
			return nil
		}
		header := program[from : from+size]
		if elf.ProgType(binary.LittleEndian.Uint32(header)) != elf.PT_INTERP {
			continue
		}
		offset, length := binary.LittleEndian.Uint64(header[8:]), binary.LittleEndian.Uint64(header[32:])
		if length == 0 || length > min(maxInterpreter, uint64(len(program))) || offset > uint64(len(program))-length {
			return nil
		}
		return []string{string(bytes.TrimRight(program[offset:offset+length], "\x00"))}
	}
	return nil
}

// interpreterFolders are where a machine has its interpreters. What a program names
// elsewhere no machine is to blame for.
var interpreterFolders = []string{"/bin/", "/sbin/", "/usr/", "/lib/", "/lib64/", "/nix/store/"}

// lacking returns the interpreter that a program needs and this place lacks, "" for none:
// the program of a file, or what env(1) looks up. A machine that has none of the
// interpreters that people use, as an image of wirelab alone, cannot say that a program is
// wrong.
func lacking(program []byte, exists func(path string) bool) string {
	words := interpreter(program)
	if len(words) == 0 || !known(words[0]) {
		return ""
	}
	if !exists(words[0]) {
		return words[0]
	}
	if filepath.Base(words[0]) != "env" {
		return ""
	}
	for _, name := range words[1:] {
		if name[0] == '-' || strings.Contains(name, "=") {
			continue // of env itself
		}
		if strings.Contains(name, "/") {
			return ""
		}
		for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
			if filepath.IsAbs(dir) && known(dir+"/") && exists(filepath.Join(dir, name)) {
				return ""
			}
		}
		return name
	}
	return ""
}

func known(path string) bool {
	for _, folder := range interpreterFolders {
		if strings.HasPrefix(filepath.Clean(path)+"/", folder) {
			return true
		}
	}
	return false
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
