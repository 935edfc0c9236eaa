// Package seal signs capture files, so that it can be told whether one is as the lab of
// a course wrote it.
//
// The signature is the last block of a pcapng file, a Custom Block that is not to be
// copied into another file (draft-ietf-opsawg-pcapng, "Custom Block", type 0x40000BAD):
// every program that reads pcapng passes over it. It is over all bytes before it, and
// over a label that says whose the capture is. Altering, adding or removing a packet
// breaks it, and so does moving it to another file.
package seal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"unicode/utf8"
)

// The form of the block. wirelab has no Private Enterprise Number: this one is that of
// examples (RFC 5612), and the magic behind it says what the block is.
const (
	blockType  = 0x40000bad
	enterprise = 32473
	magic      = "wirelab-seal/v1\x00"

	// MaxLabel bounds a label, in bytes.
	MaxLabel = 1024

	fixed = 4 + 4 + 4 + len(magic) + ed25519.PublicKeySize + ed25519.SignatureSize + 4 + 4 // type, length, enterprise … length of the label, length
)

// The errors of Verify.
var (
	ErrUnsigned = errors.New("the capture has no signature")
	ErrOtherKey = errors.New("the capture is signed with another key")
	ErrAltered  = errors.New("the capture was altered after it was signed")
)

// order is that of the files that wirelab writes.
var order = binary.LittleEndian

// message is what is signed.
func message(capture []byte, label string) []byte {
	sum := sha512.Sum512(capture)
	return append([]byte(magic+string(sum[:])), label...)
}

// Sign returns a pcapng file with a signature behind it. The label, of at most MaxLabel
// bytes, is cut to that.
func Sign(capture []byte, key ed25519.PrivateKey, label string) []byte {
	for len(label) > MaxLabel {
		_, n := utf8.DecodeLastRuneInString(label)
		label = label[:len(label)-n]
	}
	total := fixed + (len(label)+3)&^3
	b := make([]byte, 0, len(capture)+total)
	b = append(b, capture...)
	b = order.AppendUint32(b, blockType)
	b = order.AppendUint32(b, uint32(total))
	b = order.AppendUint32(b, enterprise)
	b = append(b, magic...)
	b = append(b, key.Public().(ed25519.PublicKey)...)
	b = append(b, ed25519.Sign(key, message(capture, label))...)
	b = order.AppendUint32(b, uint32(len(label)))
	b = append(b, label...)
	b = append(b, make([]byte, total-fixed-len(label))...)
	return order.AppendUint32(b, uint32(total))
}

// Verify returns the label of a file that is as it was signed with the private half of a
// key. The error is one of ErrUnsigned, ErrOtherKey and ErrAltered.
func Verify(file []byte, key ed25519.PublicKey) (label string, err error) {
	if len(file) < fixed {
		return "", ErrUnsigned
	}
	total := int64(order.Uint32(file[len(file)-4:]))
	if total < int64(fixed) || total > int64(fixed+MaxLabel) || total > int64(len(file)) {
		return "", ErrUnsigned
	}
	at := len(file) - int(total)
	block := file[at:]
	if order.Uint32(block) != blockType || int64(order.Uint32(block[4:])) != total || order.Uint32(block[8:]) != enterprise || string(block[12:12+len(magic)]) != magic {
		return "", ErrUnsigned
	}
	rest := block[12+len(magic):]
	by, rest := rest[:ed25519.PublicKeySize], rest[ed25519.PublicKeySize:]
	signature, rest := rest[:ed25519.SignatureSize], rest[ed25519.SignatureSize:]
	size, rest := order.Uint32(rest), rest[4:len(rest)-4]
	switch {
	case int64(size) > int64(len(rest)):
		return "", ErrAltered
	case !bytes.Equal(by, key):
		return "", ErrOtherKey
	case !ed25519.Verify(key, message(file[:at], string(rest[:size])), signature):
		return "", ErrAltered
	}
	return string(rest[:size]), nil
}
