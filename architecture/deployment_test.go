package architecture

import (
	"errors"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

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

// service is the part of a compose service that concerns the program.
type service struct {
	Image           string
	Ports           []string
	Environment     map[string]string
	StopGracePeriod string `yaml:"stop_grace_period"`
}

func parseCompose(t *testing.T, name string) map[string]service {
	t.Helper()
	var c struct{ Services map[string]service }
	if err := yaml.Unmarshal([]byte(read(t, name)), &c); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(c.Services["server"].Environment) == 0 {
		t.Fatalf("%s has no server with an environment", name)
	}
	return c.Services
}

// variable is how compose takes a value from its own environment: with :? it
// refuses to start without, with :- it goes on.
var variable = regexp.MustCompile(`^\$\{([A-Z_]+):([?-])\}$`)

// samples stand for what production's operator sets.
var samples = map[string]string{
	"DATABASE_URL": "postgres://u:p@db/v", "REDIS_URL": "redis://r:6379/0", "API_URL": "https://api.test", "FRONTEND_URL": "https://app.test",
}

// lookup gives a file's environment with the samples filled in.
func lookup(env map[string]string) configs.LookupFunc {
	return func(key string) (string, bool) {
		v, set := env[key]
		if m := variable.FindStringSubmatch(v); m != nil {
			v = samples[m[1]]
		}
		return v, set
	}
}

// settings are all names the program understands.
func settings() (names []string) {
	var cfg configs.Config
	for _, k := range configs.Keys(&cfg) {
		names = append(names, k.Names...)
	}
	return names
}

func TestComposeFilesSetWhatTheProgramUnderstands(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"docker-compose.yml", "docker-compose.prod.yml"} {
		server := parseCompose(t, name)["server"]
		for key, value := range server.Environment {
			if !slices.Contains(settings(), key) {
				t.Errorf("%s sets %s, which is no setting", name, key)
			}
			if m := variable.FindStringSubmatch(value); strings.Contains(value, "$") && (m == nil || m[1] != key) {
				t.Errorf("%s sets %s from %s", name, key, value)
			}
		}
		cfg, err := configs.Load(lookup(server.Environment))
		if err != nil {
			t.Errorf("%s does not start: %v", name, err)
		}
		if prod := name == "docker-compose.prod.yml"; cfg.Server.Production() != prod {
			t.Errorf("%s: production = %t", name, cfg.Server.Production())
		}
		if len(server.Ports) != 1 || !strings.HasSuffix(server.Ports[0], ":"+strconv.Itoa(cfg.Server.Port)) || cfg.Server.Host != "0.0.0.0" {
			t.Errorf("%s: ports %v, the program listens on %s:%d", name, server.Ports, cfg.Server.Host, cfg.Server.Port)
		}
		grace, err := time.ParseDuration(server.StopGracePeriod)
		if stop := cfg.Server.DrainTimeout + cfg.Server.StopTimeout; err != nil || grace <= stop {
			t.Errorf("%s: killed after %q, but an orderly stop may take %s", name, server.StopGracePeriod, stop)
		}
	}
}

func TestProductionDemandsWhatTheProgramDemands(t *testing.T) {
	t.Parallel()
	env := parseCompose(t, "docker-compose.prod.yml")["server"].Environment
	_, err := configs.Load(func(key string) (string, bool) {
		if key == "APP_ENV" {
			return env[key], true
		}
		return "", false
	})
	var all interface{ Unwrap() []error }
	if !errors.As(err, &all) || len(all.Unwrap()) < 4 {
		t.Fatalf("production starts with next to nothing: %v", err)
	}
	for _, e := range all.Unwrap() {
		var fault *configs.Fault
		if !errors.As(e, &fault) {
			t.Fatalf("%v is no fault", e)
		}
		if m := variable.FindStringSubmatch(env[fault.Key]); m == nil || m[2] != "?" {
			t.Errorf("the program demands %s, docker-compose.prod.yml has %q", fault.Key, env[fault.Key])
		}
	}
}

func TestDevelopmentsServersFitTheirClients(t *testing.T) {
	t.Parallel()
	dev := parseCompose(t, "docker-compose.yml")
	database, err := url.Parse(dev["server"].Environment["DATABASE_URL"])
	if err != nil {
		t.Fatal(err)
	}
	postgres := dev[database.Hostname()]
	password, _ := database.User.Password()
	if !strings.HasPrefix(postgres.Image, "postgres:") || postgres.Environment["POSTGRES_USER"] != database.User.Username() ||
		postgres.Environment["POSTGRES_PASSWORD"] != password || "/"+postgres.Environment["POSTGRES_DB"] != database.Path {
		t.Errorf("DATABASE_URL does not open the service %q: %+v", database.Hostname(), postgres)
	}
	redis, err := url.Parse(dev["server"].Environment["REDIS_URL"])
	if err != nil || !strings.HasPrefix(dev[redis.Hostname()].Image, "redis:") {
		t.Errorf("REDIS_URL does not open a service: %v, %v", redis, err)
	}
}

// instructions are a Dockerfile's, with continued lines joined.
func instructions(file string) (all [][]string) {
	for line := range strings.Lines(strings.ReplaceAll(file, "\\\n", " ")) {
		if fields := strings.Fields(line); len(fields) > 1 && !strings.HasPrefix(fields[0], "#") {
			all = append(all, fields)
		}
	}
	return all
}

func TestDockerfileBuildsAndStartsThisProgram(t *testing.T) {
	t.Parallel()
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "go.mod"))
	if version == nil {
		t.Fatal("go.mod has no Go version")
	}
	env := map[string]string{}
	var user, expose, command string
	for _, f := range instructions(read(t, "Dockerfile")) {
		switch f[0] {
		case "FROM":
			user = "" // of the last stage
			if image, tag, _ := strings.Cut(f[1], ":"); tag == "" || tag == "latest" {
				t.Errorf("the base image %s is not pinned", image)
			} else if image == "golang" && !strings.HasPrefix(tag, version[1]+"-") {
				t.Errorf("the Dockerfile builds with Go %s, go.mod says %s", tag, version[1])
			}
		case "COPY":
			checkSources(t, f[1:])
		case "ENV":
			for _, pair := range f[1:] {
				key, value, _ := strings.Cut(pair, "=")
				env[key] = value
			}
		case "USER":
			user = f[1]
		case "EXPOSE":
			expose = f[1]
		case "CMD":
			command = strings.Join(f[1:], " ")
		}
	}
	for key := range env {
		if !slices.Contains(settings(), key) {
			t.Errorf("the Dockerfile sets %s, which is no setting", key)
		}
	}
	cfg, err := configs.Load(lookup(env))
	if err != nil || cfg.Server.Host != "0.0.0.0" || expose != strconv.Itoa(cfg.Server.Port) {
		t.Errorf("exposed is %s, the program listens on %s:%d (%v)", expose, cfg.Server.Host, cfg.Server.Port, err)
	}
	if command != `["vantahire", "serve"]` || !isCommand(t, "serve") {
		t.Errorf("CMD %s starts no command of the program", command)
	}
	if user == "" || user == "root" {
		t.Error("the container runs as root")
	}
}

// checkSources holds that what COPY takes from the checkout is there.
func checkSources(t *testing.T, args []string) {
	t.Helper()
	if strings.HasPrefix(args[0], "--from") {
		return
	}
	for _, source := range args[:len(args)-1] {
		if _, err := os.Stat("../" + source); err != nil {
			t.Errorf("COPY: %v", err)
		}
	}
}

// isCommand reports whether the program has the subcommand.
func isCommand(t *testing.T, name string) bool {
	t.Helper()
	return strings.Contains(read(t, "cmd/vantahire/main.go"), `{"`+name+`", `)
}

func TestRailwayStartsThisProgram(t *testing.T) {
	t.Parallel()
	var r struct {
		Build  struct{ Builder, DockerfilePath string }
		Deploy struct{ StartCommand, HealthcheckPath string }
	}
	if err := toml.Unmarshal([]byte(read(t, "railway.toml")), &r); err != nil {
		t.Fatal(err)
	}
	name, found := strings.CutPrefix(r.Deploy.StartCommand, "vantahire ")
	if !found || !isCommand(t, name) {
		t.Errorf("startCommand %q starts no command of the program", r.Deploy.StartCommand)
	}
	if r.Build.Builder != "DOCKERFILE" || len(instructions(read(t, r.Build.DockerfilePath))) == 0 {
		t.Errorf("railway.toml builds with %+v", r.Build)
	}
	if !strings.Contains(read(t, "api/health.go"), `"`+r.Deploy.HealthcheckPath+`"`) {
		t.Errorf("the program has no route %s", r.Deploy.HealthcheckPath)
	}
}

// TestReadmeNamesRealCommands holds the README's command lines against the
// Makefile's targets, the subcommands and their flags.
func TestReadmeNamesRealCommands(t *testing.T) {
	t.Parallel()
	readme, makefile := read(t, "README.md"), read(t, "Makefile")
	commands := regexp.MustCompile(`(?:\./bin/)?vantahire (\w+)((?: +--?[a-z][^#\n`+"`"+`]*)?)`).FindAllStringSubmatch(readme, -1)
	if len(commands) < 5 {
		t.Fatalf("the README shows %d commands", len(commands))
	}
	flag := regexp.MustCompile(`--([a-z-]+)`)
	for _, c := range commands {
		if !isCommand(t, c[1]) {
			t.Errorf("README: there is no command %q", c[0])
			continue
		}
		for _, f := range flag.FindAllStringSubmatch(c[2], -1) {
			if !strings.Contains(read(t, "cmd/vantahire/"+c[1]+".go"), `"`+f[1]+`", `) {
				t.Errorf("README: %s has no flag --%s", c[1], f[1])
			}
		}
	}
	targets := regexp.MustCompile("(?m)(?:^|`)make ([a-z]+)").FindAllStringSubmatch(readme, -1)
	if len(targets) < 3 {
		t.Fatalf("the README shows %d targets", len(targets))
	}
	for _, m := range targets {
		if !strings.Contains(makefile, "\n"+m[1]+":") {
			t.Errorf("README: there is no target %s", m[1])
		}
	}
}
