package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/vantahire/vantahire/configs"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/interview/record"
	"github.com/vantahire/vantahire/store"
	"github.com/vantahire/vantahire/store/embedded"
)

// recordKeyFile is where a server without VANTAHIRE_RECORD_KEY keeps the key it has
// generated, in its data folder.
const recordKeyFile = "record.key"

// What the flags of both commands say of themselves.
const (
	databaseUsage = "`URL` of the PostgreSQL (default DATABASE_URL, else the private database of the server that runs here)"
	fileUsage     = "read the record from `FILE` instead, as --save wrote it"
	saveUsage     = "write the record to `FILE`, which must not exist, to verify or replay it elsewhere; it holds everything that was said"
)

// errUsage is a command line that makes no sense.
var errUsage = errors.New("usage")

// recordSource is where verify and replay take a record from.
type recordSource struct {
	flags                         *flag.FlagSet
	interview                     interview.ID
	database, file, save, keyFile string
}

func newRecordSource(command string, errOut io.Writer) *recordSource {
	s := &recordSource{flags: flag.NewFlagSet("vantahire "+command, flag.ContinueOnError)}
	s.flags.SetOutput(errOut)
	s.flags.Usage = func() {
		_, _ = fmt.Fprintf(errOut, "usage: vantahire %s INTERVIEW [flags]   or   vantahire %s --file RECORD [flags]\n\n", command, command)
		s.flags.PrintDefaults()
	}
	return s
}

// parse takes the interview's id before, between or behind the flags.
func (s *recordSource) parse(args []string) error {
	for len(args) > 0 {
		if err := s.flags.Parse(args); errors.Is(err, flag.ErrHelp) {
			return err
		} else if err != nil {
			return errUsage // it has said so
		}
		if args = s.flags.Args(); len(args) == 0 {
			break
		}
		if s.interview != "" {
			return fmt.Errorf("%w: unexpected %q", errUsage, args[0])
		}
		s.interview, args = interview.ID(args[0]), args[1:]
	}
	switch {
	case s.interview == "" && s.file == "":
		return fmt.Errorf("%w: name an interview, or a --file", errUsage)
	case s.file != "" && s.database != "":
		return fmt.Errorf("%w: --file and --database exclude each other", errUsage)
	}
	return nil
}

// load reads the record, and keeps a copy if it was asked to.
func (s *recordSource) load(ctx context.Context) (record.Record, error) {
	r, err := s.read(ctx)
	if err != nil || s.save == "" {
		return r, err
	}
	out, err := os.OpenFile(s.save, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return r, fmt.Errorf("save the record: %w", err)
	}
	if err := errors.Join(record.Write(out, r), out.Close()); err != nil {
		return r, fmt.Errorf("save the record: %w", err)
	}
	return r, nil
}

func (s *recordSource) read(ctx context.Context) (record.Record, error) {
	if s.file != "" {
		in, err := os.Open(s.file)
		if err != nil {
			return record.Record{}, err
		}
		defer func() { _ = in.Close() }()
		r, err := record.Read(in)
		switch {
		case err != nil:
			return r, fmt.Errorf("%s: %w", s.file, err)
		case s.interview != "" && s.interview != r.Interview:
			return r, fmt.Errorf("%s is the record of interview %s", s.file, r.Interview)
		}
		return r, nil
	}
	url, err := s.databaseURL()
	if err != nil {
		return record.Record{}, err
	}
	ledger, err := store.OpenReader(ctx, url)
	if err != nil {
		return record.Record{}, err
	}
	defer ledger.Close()
	return ledger.Record(ctx, s.interview)
}

// databaseURL is the database the server of this machine uses.
func (s *recordSource) databaseURL() (string, error) {
	if s.database != "" {
		return s.database, nil
	}
	cfg, err := configs.Load(os.LookupEnv)
	if err != nil {
		return "", err
	}
	if url := cfg.Storage.DatabaseURL.Reveal(); url != "" {
		return url, nil
	}
	dir, err := dataDir(cfg)
	if err != nil {
		return "", err
	}
	url, err := embedded.RunningURL(filepath.Join(dir, "pg"))
	if err != nil {
		return "", fmt.Errorf("%w; start the server, or name a --database or a --file", err)
	}
	return url, nil
}

// dataDir is the folder of a server that keeps its data itself.
func dataDir(cfg configs.Config) (string, error) {
	if cfg.Storage.DataDir != "" {
		return filepath.Abs(cfg.Storage.DataDir)
	}
	pg, err := embedded.DefaultDataDir()
	return filepath.Dir(pg), err
}

// key is what the record's seal is checked with: that of --key-file, that of
// VANTAHIRE_RECORD_KEY, or the generated one of this machine, which for a file must
// have made the seal. nil: there is none.
func (s *recordSource) key(r record.Record) ([]byte, error) {
	if s.keyFile != "" {
		return readKey(s.keyFile)
	}
	cfg, err := configs.Load(os.LookupEnv)
	if err != nil && s.file != "" {
		return nil, nil // a file can be verified on a machine that is not set up for a server
	}
	if err != nil {
		return nil, err
	}
	if key := cfg.Storage.RecordKey.Reveal(); key != "" {
		return []byte(key), nil
	}
	dir, err := dataDir(cfg)
	if err != nil {
		return nil, nil //nolint:nilerr // a machine without a home has no generated key
	}
	key, err := readKey(filepath.Join(dir, recordKeyFile))
	if err != nil || s.file != "" && (r.Seal == nil || r.Seal.KeyID != record.KeyID(key)) {
		return nil, nil //nolint:nilerr // nobody said that this is the key
	}
	return key, nil
}

func readKey(path string) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	key := strings.TrimRight(string(raw), "\r\n")
	if key == "" {
		return nil, fmt.Errorf("%s is empty", path)
	}
	return []byte(key), nil
}
