package app

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// recordKeyFile is where a generated key stands in the data folder that seals the
// records of completed interviews.
const recordKeyFile = "record.key"

// recordKey is the configured key, or the generated one.
func (a *App) recordKey() ([]byte, error) {
	if key := a.cfg.Storage.RecordKey.Reveal(); key != "" {
		return []byte(key), nil
	}
	dir, err := a.dataDir()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, recordKeyFile)
	if a.cfg.Server.Production() {
		a.log.Warn("VANTAHIRE_RECORD_KEY is not set: records are sealed with a key of this machine alone; keep a copy of it", "file", path)
	}
	key, err := storedSecret(path, "rec_")
	if err != nil {
		return nil, fmt.Errorf("key of the records: %w", err)
	}
	return []byte(key), nil
}

// secretBytes is the entropy of a generated secret, and secretLeast the length
// below which a file can't hold one.
const (
	secretBytes = 24
	secretLeast = 24
)

// storedSecret reads a secret from a file, or makes one and writes it there. The
// file appears whole or not at all, and the first of two processes wins.
func storedSecret(path, prefix string) (string, error) {
	stored, err := os.ReadFile(path)
	if err == nil && len(stored) >= secretLeast {
		return string(stored), nil
	}
	raw := make([]byte, secretBytes)
	_, _ = rand.Read(raw)
	secret := prefix + hex.EncodeToString(raw)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // the database's user must be able to walk through it
		return "", fmt.Errorf("make data folder: %w", err)
	}
	part, err := os.CreateTemp(filepath.Dir(path), ".secret") // readable by its owner only
	if err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(part.Name()) }()
	_, err = part.WriteString(secret)
	if err = errors.Join(err, part.Sync(), part.Close()); err != nil {
		return "", err
	}
	if err := os.Link(part.Name(), path); err != nil {
		again, readErr := os.ReadFile(path)
		switch {
		case readErr == nil && len(again) >= secretLeast:
			return string(again), nil
		case errors.Is(err, fs.ErrExist):
			return "", fmt.Errorf("%s holds no key: put its copy back, or remove it for a new one, which can't verify what the old one sealed", path)
		}
		return "", err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	if err := errors.Join(folder.Sync(), folder.Close()); err != nil {
		return "", err
	}
	return secret, nil
}
