package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"

	"github.com/vantahire/vantahire/assets"
	"github.com/vantahire/vantahire/configs"
	"github.com/vantahire/vantahire/providers/local"
	"github.com/vantahire/vantahire/store/embedded"
)

// finding is one thing this machine has or lacks.
type finding struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Need bool   `json:"needed"` // without it no interview can be held
	Have string `json:"have,omitempty"`
	Fix  string `json:"fix,omitempty"`
}

// doctor says what this machine has and lacks. It fails when no interview could
// be held, not even a typed one.
func doctor(ctx context.Context, args []string, out, errOut io.Writer) int {
	flags := flag.NewFlagSet("vantahire doctor", flag.ContinueOnError)
	flags.SetOutput(errOut)
	asJSON := flags.Bool("json", false, "print JSON")
	if err := flags.Parse(args); err != nil {
		return exitUsage
	}
	findings := examine(ctx)
	status := exitOK
	for i, f := range findings {
		if f.Need && !f.OK {
			status = exitFailed
		}
		if f.OK {
			findings[i].Fix = ""
		}
	}
	if *asJSON {
		raw, err := json.MarshalIndent(findings, "", "  ")
		if err != nil {
			_, _ = fmt.Fprintln(errOut, err)
			return exitFailed
		}
		_, _ = fmt.Fprintln(out, string(raw))
		return status
	}
	for _, f := range findings {
		mark := "ok     "
		if !f.OK {
			mark = "missing"
		}
		_, _ = fmt.Fprintf(out, "%s  %-20s %s\n", mark, f.Name, f.Have)
		if f.Fix != "" {
			_, _ = fmt.Fprintf(out, "%s         -> %s\n", "       ", f.Fix)
		}
	}
	return status
}

func examine(ctx context.Context) []finding {
	findings := []finding{{Name: "machine", OK: true, Have: fmt.Sprintf("%s/%s, %d cores, user id %d", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), os.Geteuid())}}
	cfg, err := configs.Load(os.LookupEnv)
	if err != nil {
		return append(findings, finding{Name: "configuration", Need: true, Fix: err.Error()})
	}
	findings = append(findings, finding{Name: "configuration", OK: true, Need: true, Have: cfg.Server.Env})
	findings = append(findings, examineDatabase(cfg))
	redis := "in the process"
	if cfg.Storage.RedisURL != "" {
		redis = "REDIS_URL is set"
	}
	findings = append(findings, finding{Name: "redis", OK: true, Have: redis})
	findings = append(findings, examineSpeech(ctx)...)
	weights := finding{Name: "voice detector", Fix: "make assets (until then the energy gate is used)"}
	if _, weights.OK = assets.Silero(); weights.OK {
		weights.Have = "Silero weights are built in"
	}
	findings = append(findings, weights)
	for _, k := range []struct {
		name string
		key  configs.Secret
	}{{"DEEPGRAM_API_KEY", cfg.Providers.DeepgramKey}, {"GROQ_API_KEY", cfg.Providers.GroqKey}, {"CARTESIA_API_KEY", cfg.Providers.CartesiaKey}} {
		f := finding{Name: k.name, OK: k.key != "", Have: k.key.String()}
		if !f.OK {
			f.Fix = "optional: without it local speech and the scripted interviewer serve"
		}
		findings = append(findings, f)
	}
	npm := finding{Name: "npm", Fix: "install Node.js with npm: make assets fetches the voice detector with it"}
	if path, err := exec.LookPath("npm"); err == nil {
		npm.OK, npm.Have = true, path
	}
	return append(findings, npm)
}

func examineDatabase(cfg configs.Config) finding {
	f := finding{Name: "postgresql", Need: true}
	if cfg.Storage.DatabaseURL != "" {
		f.OK, f.Have = true, "DATABASE_URL is set"
		return f
	}
	dir, version, err := embedded.FindBinaries(cfg.Storage.PostgresBin)
	if err != nil {
		f.Fix = err.Error()
		return f
	}
	f.OK, f.Have = true, fmt.Sprintf("private, %s from %s", version, dir)
	return f
}

func examineSpeech(ctx context.Context) []finding {
	hear, speak := finding{Name: "speech recognition"}, finding{Name: "voice"}
	s, err := local.NewSpeech(ctx, local.SpeechConfig{Workers: 1})
	if err != nil {
		hear.Fix, speak.Fix = err.Error(), err.Error()
		return []finding{hear, speak}
	}
	defer func() { _ = s.Close(context.WithoutCancel(ctx)) }()
	status := s.Status()
	hear.OK, hear.Have, hear.Fix = status.Hear.Available, status.Hear.How, status.Hear.Fix
	speak.OK, speak.Have, speak.Fix = status.Speak.Available, status.Speak.How, status.Speak.Fix
	return []finding{hear, speak}
}
