package architecture

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"gopkg.in/yaml.v3"

	"github.com/vantahire/vantahire/configs"
)

func read(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile("../" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// compose is the part of a compose file that concerns the program.
type compose struct {
	Services map[string]struct {
		Image       string
		Build       any
		Ports       []string
		Environment map[string]string
	}
}

func parseCompose(t *testing.T, name string) compose {
	t.Helper()
	var c compose
	if err := yaml.Unmarshal([]byte(read(t, name)), &c); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(c.Services["server"].Environment) == 0 {
		t.Fatalf("%s has no server with an environment", name)
	}
	return c
}

// variable is how compose takes a value from its own environment.
var variable = regexp.MustCompile(`^\$\{([A-Z_]+):[?-].*\}$`)

// samples stand for what production's operator sets.
var samples = map[string]string{
	"DATABASE_URL": "postgres://u:p@db/v", "REDIS_URL": "redis://r:6379/0", "API_URL": "https://api.test", "FRONTEND_URL": "https://app.test",
}

func TestComposeFilesSetWhatTheProgramUnderstands(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"docker-compose.yml", "docker-compose.prod.yml"} {
		env := parseCompose(t, name).Services["server"].Environment
		var cfg configs.Config
		var known []string
		for _, k := range configs.Keys(&cfg) {
			known = append(known, k.Names...)
		}
		for key := range env {
			if !slices.Contains(known, key) {
				t.Errorf("%s sets %s, which is no setting", name, key)
			}
		}
		cfg, err := configs.Load(func(key string) (string, bool) {
			v, set := env[key]
			if m := variable.FindStringSubmatch(v); m != nil {
				v = samples[m[1]]
			}
			return v, set
		})
		if err != nil {
			t.Errorf("%s does not start: %v", name, err)
		}
		if prod := name == "docker-compose.prod.yml"; cfg.Server.Production() != prod {
			t.Errorf("%s: production = %t", name, cfg.Server.Production())
		}
		if ports := parseCompose(t, name).Services["server"].Ports; !slices.Contains(ports, "3000:3000") || cfg.Server.Port != 3000 {
			t.Errorf("%s: ports %v, the program listens on %d", name, ports, cfg.Server.Port)
		}
	}
	dev := parseCompose(t, "docker-compose.yml")
	for _, service := range []string{"postgres", "redis"} {
		if dev.Services[service].Image == "" {
			t.Errorf("docker-compose.yml has no %s", service)
		}
	}
}

func TestDockerfileBuildsAndStartsThisProgram(t *testing.T) {
	t.Parallel()
	docker := read(t, "Dockerfile")
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "go.mod"))
	if version == nil || !strings.Contains(docker, "FROM golang:"+version[1]+"-") {
		t.Errorf("the Dockerfile does not build with Go %v", version)
	}
	if !strings.Contains(docker, `CMD ["vantahire", "serve"]`) || !strings.Contains(read(t, "cmd/vantahire/main.go"), `{"serve", `) {
		t.Error("the Dockerfile starts no subcommand of the program")
	}
	if !strings.Contains(docker, "USER vantahire") {
		t.Error("the container runs as root")
	}
	for _, line := range strings.Split(docker, "\n") {
		if fields := strings.Fields(line); len(fields) > 2 && fields[0] == "COPY" && !strings.HasPrefix(fields[1], "--from") {
			for _, source := range fields[1 : len(fields)-1] {
				if _, err := os.Stat("../" + source); err != nil {
					t.Errorf("COPY %s: %v", source, err)
				}
			}
		}
	}
}

func TestRailwayStartsThisProgram(t *testing.T) {
	t.Parallel()
	var r struct {
		Build  struct{ DockerfilePath string }
		Deploy struct{ StartCommand, HealthcheckPath string }
	}
	if err := toml.Unmarshal([]byte(read(t, "railway.toml")), &r); err != nil {
		t.Fatal(err)
	}
	if r.Build.DockerfilePath != "Dockerfile" || r.Deploy.StartCommand != "vantahire serve" || r.Deploy.HealthcheckPath != "/health" {
		t.Errorf("railway.toml: %+v", r)
	}
}
