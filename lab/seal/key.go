package seal

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"

	"wirelab/internal/i18n"
	"wirelab/internal/wholefile"
)

// The PEM blocks of the two files (RFC 7468).
const (
	privateBlock = "PRIVATE KEY"
	publicBlock  = "PUBLIC KEY"
	maxKeyFile   = 16 << 10
)

// LoadKey reads the private key of a file, which its owner alone may read. Where there is
// none it makes one, and writes the public half beside it, into a file that anybody may
// have.
func LoadKey(private, public string) (ed25519.PrivateKey, error) {
	info, err := os.Lstat(private)
	if errors.Is(err, fs.ErrNotExist) {
		return makeKey(private, public)
	}
	if err != nil {
		return nil, i18n.FileError(private, err)
	}
	if info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		return nil, i18n.Errmsg("seal.open", "File", private)
	}
	der, err := readPEM(private, privateBlock)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	key, ok := parsed.(ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, i18n.Errmsg("seal.nokey", "File", private)
	}
	return key, nil
}

func makeKey(private, public string) (ed25519.PrivateKey, error) {
	half, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	publicDER, err := x509.MarshalPKIXPublicKey(half)
	if err != nil {
		return nil, err
	}
	// The private one last: with it the pair is there.
	if err := writePEM(public, publicBlock, publicDER, 0o644); err != nil {
		return nil, err
	}
	return key, writePEM(private, privateBlock, der, 0o600)
}

func writePEM(path, kind string, der []byte, mode fs.FileMode) error {
	text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := wholefile.WriteBytes(path, text, mode); err != nil {
		return i18n.FileError(path, err)
	}
	return nil
}

// PublicKey reads the public key of a file.
func PublicKey(path string) (ed25519.PublicKey, error) {
	der, err := readPEM(path, publicBlock)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	key, ok := parsed.(ed25519.PublicKey)
	if err != nil || !ok {
		return nil, i18n.Errmsg("seal.nokey", "File", path)
	}
	return key, nil
}

func readPEM(path, kind string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, i18n.FileError(path, err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxKeyFile {
		return nil, i18n.Errmsg("seal.nokey", "File", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, i18n.FileError(path, err)
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != kind {
		return nil, i18n.Errmsg("seal.nokey", "File", path)
	}
	return block.Bytes, nil
}
