package app

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/store"
)

// urlKeyFile is where the key stands in the data folder that signs URLs of files. A
// signed URL is good for the server that made it, and for those with the same key.
const urlKeyFile = "url.key"

// openFiles wires the stored files.
func (a *App) openFiles(context.Context) error {
	key, err := a.urlKey()
	if err != nil {
		return err
	}
	a.services.Files = hiring.NewFiles(store.NewFiles(a.pool), a.cfg.Server.APIURL, key, int64(a.cfg.Files.MaxFileSizeMB)<<20)
	return nil
}

// urlKey is the configured key, or the generated one.
func (a *App) urlKey() ([]byte, error) {
	if key := a.cfg.Files.URLKey.Reveal(); key != "" {
		return []byte(key), nil
	}
	dir, err := a.dataDir()
	if err != nil {
		return nil, err
	}
	key, err := storedSecret(filepath.Join(dir, urlKeyFile), "url_")
	if err != nil {
		return nil, fmt.Errorf("key of signed URLs: %w", err)
	}
	return []byte(key), nil
}
