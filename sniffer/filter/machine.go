package filter

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/net/bpf"

	"wirelab/sniffer"
)

// machine runs programs of the kind that this package writes. It does what
// bpf.VM does, but is decoded once: a load and the jump behind it are one step.
type machine []step

// step is an instruction.
type step struct {
	code    opcode
	jump    testOp // of the jumps
	alu     bpf.ALUOp
	yes, no uint16 // of the jumps: index of the next step
	offset  uint32 // of a load
	k       uint32 // the operand, or what a jump compares with
}

type opcode uint8

const (
	opReturn   opcode = iota // k is not zero: accepted
	opByteJump               // load, then compare with k
	opHalfJump
	opWordJump
	opIndirectHalfJump
	opByte
	opHalf
	opWord
	opIndirectByte
	opIndirectHalf
	opIndirectWord
	opHeader
	opLength
	opDirection
	opConstant
	opScratchX
	opStore
	opTAX
	opTXA
	opJump
	opCompare
	opCompareX
	opALU
	opALUX
)

// withJump are the loads that are one step with the jump behind them.
var withJump = map[opcode]opcode{
	opByte: opByteJump, opHalf: opHalfJump, opWord: opWordJump, opIndirectHalf: opIndirectHalfJump,
}

// newMachine decodes a program.
func newMachine(program []bpf.Instruction) (machine, error) {
	m := make(machine, len(program))
	for i, instruction := range program {
		if err := m[i].decode(i, instruction); err != nil {
			return nil, err
		}
	}
	for i := range m[:len(m)-1] {
		// A jump to the second step of a pair still finds it there.
		s, next := &m[i], m[i+1]
		if fused, ok := withJump[s.code]; ok && next.code == opCompare {
			next.offset, next.code = s.offset, fused
			*s = next
		}
	}
	return m, nil
}

func (s *step) decode(at int, instruction bpf.Instruction) error {
	jump := func(yes, no uint8) { s.yes, s.no = uint16(at+1+int(yes)), uint16(at+1+int(no)) }
	bySize := func(size int, first opcode) opcode {
		return first + map[int]opcode{1: 0, 2: 1, 4: 2}[size]
	}
	switch i := instruction.(type) {
	case bpf.RetConstant:
		s.code, s.k = opReturn, i.Val
	case bpf.LoadAbsolute:
		s.code, s.offset = bySize(i.Size, opByte), i.Off
	case bpf.LoadIndirect:
		s.code, s.offset = bySize(i.Size, opIndirectByte), i.Off
	case bpf.LoadMemShift:
		s.code, s.offset = opHeader, i.Off
	case bpf.LoadExtension: // others are in the program for a socket alone
		s.code = opLength
		if i.Num == bpf.ExtType {
			s.code = opDirection
		}
	case bpf.LoadConstant: // only into A
		s.code, s.k = opConstant, i.Val
	case bpf.LoadScratch: // only into X
		s.code, s.k = opScratchX, uint32(i.N)
	case bpf.StoreScratch: // only from A
		s.code, s.k = opStore, uint32(i.N)
	case bpf.TAX:
		s.code = opTAX
	case bpf.TXA:
		s.code = opTXA
	case bpf.Jump:
		s.code, s.yes = opJump, uint16(at+1+int(i.Skip))
	case bpf.JumpIf:
		s.code, s.jump, s.k = opCompare, testOf[i.Cond], i.Val
		jump(i.SkipTrue, i.SkipFalse)
	case bpf.JumpIfX:
		s.code, s.jump = opCompareX, testOf[i.Cond]
		jump(i.SkipTrue, i.SkipFalse)
	case bpf.ALUOpConstant:
		s.code, s.alu, s.k = opALU, i.Op, i.Val
	case bpf.ALUOpX:
		s.code, s.alu = opALUX, i.Op
	default:
		return fmt.Errorf("filter: no instruction %T", i)
	}
	return nil
}

var testOf = map[bpf.JumpTest]testOp{
	bpf.JumpEqual: equal, bpf.JumpGreaterThan: greater, bpf.JumpGreaterOrEqual: atLeast, bpf.JumpBitsSet: anyBit,
}

// run says whether the program accepts a frame of that length on the wire, of
// which data was captured. A load beyond the data ends it.
//
// It does by itself what most filters are made of and leaves programs with
// arithmetic to finish.
func (m machine) run(data []byte, length uint32, way sniffer.Direction) bool {
	var a, x uint32
	for at := 0; ; {
		s := &m[at]
		switch offset := int(s.offset); s.code {
		case opHalfJump:
			if offset+2 > len(data) {
				return false
			}
			a = uint32(binary.BigEndian.Uint16(data[offset:]))
		case opByteJump:
			if offset >= len(data) {
				return false
			}
			a = uint32(data[offset])
		case opWordJump:
			if offset+4 > len(data) {
				return false
			}
			a = binary.BigEndian.Uint32(data[offset:])
		case opIndirectHalfJump:
			if offset += int(x); offset+2 > len(data) {
				return false
			}
			a = uint32(binary.BigEndian.Uint16(data[offset:]))
		case opCompare:
		case opHeader:
			if offset >= len(data) {
				return false
			}
			x = uint32(data[offset]&0xf) * 4
			at++
			continue
		case opReturn:
			return s.k != 0
		default:
			return m.finish(at, a, x, data, length, way)
		}
		next := s.no
		if s.jump == equal && a == s.k || s.jump != equal && s.jump.holds(a, s.k) {
			next = s.yes
		}
		at = int(next)
	}
}

// finish runs a program on from a step, with what A and X hold there.
func (m machine) finish(at int, a, x uint32, data []byte, length uint32, way sniffer.Direction) bool {
	var scratch [scratchWords]uint32
	for {
		s := &m[at]
		at++
		if s.code >= opByteJump && s.code <= opIndirectWord {
			var ok bool
			if a, ok = s.load(data, x); !ok {
				return false
			}
		}
		switch s.code {
		case opReturn:
			return s.k != 0
		case opByteJump, opHalfJump, opWordJump, opIndirectHalfJump, opCompare:
			at = s.next(a, s.k)
		case opCompareX:
			at = s.next(a, x)
		case opHeader:
			if int(s.offset) >= len(data) {
				return false
			}
			x = uint32(data[s.offset]&0xf) * 4
		case opLength:
			a = length
		case opDirection:
			if a = 0; way == sniffer.Out {
				a = outgoing
			} else if way == sniffer.Unknown {
				return false
			}
		case opConstant:
			a = s.k
		case opScratchX:
			x = scratch[s.k]
		case opStore:
			scratch[s.k] = a
		case opTAX:
			x = a
		case opTXA:
			a = x
		case opJump:
			at = int(s.yes)
		case opALU:
			a = compute(s.alu, a, s.k)
		case opALUX:
			if x == 0 && (s.alu == bpf.ALUOpDiv || s.alu == bpf.ALUOpMod) {
				return false
			}
			a = compute(s.alu, a, x)
		}
	}
}

// next is where a jump goes.
func (s *step) next(a, operand uint32) int {
	if s.jump.holds(a, operand) {
		return int(s.yes)
	}
	return int(s.no)
}

// load returns what a load finds; ok is false beyond the end of data.
func (s *step) load(data []byte, x uint32) (a uint32, ok bool) {
	// 64 bits: a sum does not wrap around into the frame.
	offset := uint64(s.offset)
	switch s.code {
	case opIndirectHalfJump, opIndirectByte, opIndirectHalf, opIndirectWord:
		offset += uint64(x)
	}
	if offset > uint64(len(data)) {
		return 0, false
	}
	data = data[offset:]
	switch s.code {
	case opByteJump, opByte, opIndirectByte:
		if len(data) >= 1 {
			return uint32(data[0]), true
		}
	case opHalfJump, opHalf, opIndirectHalfJump, opIndirectHalf:
		if len(data) >= 2 {
			return uint32(binary.BigEndian.Uint16(data)), true
		}
	default:
		if len(data) >= 4 {
			return binary.BigEndian.Uint32(data), true
		}
	}
	return 0, false
}
