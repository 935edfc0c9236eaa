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
	"cmp"
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
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

// message is what is signed of a capture with a SHA-512 sum.
func message(sum []byte, label string) []byte {
	return append([]byte(magic+string(sum)), label...)
}

// Sign returns a pcapng file with a signature behind it. The label, of at most MaxLabel
// bytes, is cut to that.
func Sign(capture []byte, key ed25519.PrivateKey, label string) []byte {
	for len(label) > MaxLabel {
		_, n := utf8.DecodeLastRuneInString(label)
		label = label[:len(label)-n]
	}
	sum := sha512.Sum512(capture)
	return append(bytes.Clone(capture), block(sum[:], key, label)...)
}

// block is the block that signs a capture with a SHA-512 sum.
func block(sum []byte, key ed25519.PrivateKey, label string) (b []byte) {
	total := fixed + (len(label)+3)&^3
	b = order.AppendUint32(b, blockType)
	b = order.AppendUint32(b, uint32(total))
	b = order.AppendUint32(b, enterprise)
	b = append(b, magic...)
	b = append(b, key.Public().(ed25519.PublicKey)...)
	b = append(b, ed25519.Sign(key, message(sum, label))...)
	b = order.AppendUint32(b, uint32(len(label)))
	b = append(b, label...)
	b = append(b, make([]byte, total-fixed-len(label))...)
	return order.AppendUint32(b, uint32(total))
}

// Verify returns the label of a file of so many bytes that is as it was signed with the
// private half of a key. The error is one of ErrUnsigned, ErrOtherKey and ErrAltered, or of
// reading the file, which it does not keep in memory.
func Verify(file io.ReaderAt, size int64, key ed25519.PublicKey) (label string, err error) {
	end := make([]byte, min(size, int64(fixed+MaxLabel)))
	if _, err := io.ReadFull(io.NewSectionReader(file, size-int64(len(end)), int64(len(end))), end); err != nil {
		return "", fmt.Errorf("read the signature: %w", err)
	}
	if len(end) < fixed {
		return "", ErrUnsigned
	}
	total := int64(order.Uint32(end[len(end)-4:]))
	if total < int64(fixed) || total > int64(len(end)) {
		return "", ErrUnsigned
	}
	block := end[len(end)-int(total):]
	if order.Uint32(block) != blockType || int64(order.Uint32(block[4:])) != total || order.Uint32(block[8:]) != enterprise || string(block[12:12+len(magic)]) != magic {
		return "", ErrUnsigned
	}
	rest := block[12+len(magic):]
	by, rest := rest[:ed25519.PublicKeySize], rest[ed25519.PublicKeySize:]
	signature, rest := rest[:ed25519.SignatureSize], rest[ed25519.SignatureSize:]
	length, rest := order.Uint32(rest), rest[4:len(rest)-4]
	switch {
	case int64(length) > int64(len(rest)):
		return "", ErrAltered
	case !bytes.Equal(by, key):
		return "", ErrOtherKey
	}
	sum := sha512.New()
	if n, err := io.Copy(sum, io.NewSectionReader(file, 0, size-total)); err != nil || n < size-total {
		return "", fmt.Errorf("%d of %d bytes read: %w", n, size-total, cmp.Or(err, io.ErrUnexpectedEOF))
	}
	if !ed25519.Verify(key, message(sum.Sum(nil), string(rest[:length])), signature) {
		return "", ErrAltered
	}
	return string(rest[:length]), nil
}
