package contract

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vantahire/vantahire/app/apptest"
	"github.com/vantahire/vantahire/hiring"
)

// The pages, the product and a stranger have names, as in production; the browser
// finds them on this machine's ports. The first two are one site, so that the session's
// cookie travels; the third is another.
const (
	pageHost     = "app.vantahire.test"
	apiHost      = "api.vantahire.test"
	strangerHost = "stranger.test"

	// browserLimit is for a browser that starts on a busy machine; it takes some
	// seconds on an idle one.
	browserLimit = 3 * time.Minute
)

// TestAPageOfAnotherOriginCallsEveryRow runs the pages' calls in a real browser: it
// keeps the cookies, asks before it sends, and hides answers without the headers of
// contract section 1.6.
func TestAPageOfAnotherOriginCallsEveryRow(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t, "FRONTEND_URL", "http://"+pageHost, "API_URL", "http://"+apiHost)
	r := h.LoginAs("recruiter@pages.example", hiring.RoleRecruiter)
	mailed, _ := invited(r, "")
	for _, insert := range []string{
		`INSERT INTO "EmailMessage" ("interviewId", "recipientEmail") VALUES ($1, 'ada@example.com')`,
		`INSERT INTO "WhatsAppMessage" ("interviewId", "candidatePhone", status, "sentAt") VALUES ($1, '+15550100', 'sent', now())`,
	} {
		if _, err := h.Pool.Exec(t.Context(), insert, mailed); err != nil {
			t.Fatal(err)
		}
	}
	raw, written := browse(t, h, pageHost, "index.html", map[string]string{
		"api": "http://" + apiHost, "testToken": apptest.TestToken, "recruiter": r.Email, "mailed": mailed,
	})
	var report struct {
		Calls, Pictures         int
		Routes                  []string
		Blocked, Missing, Wrong []string
		Ended                   string
	}
	if err := json.Unmarshal(raw, &report); err != nil {
		t.Fatalf("the page's report: %v in %.500s", err, raw)
	}
	console := written()
	refusals := strings.Count(console, blockedByCORS)
	t.Logf("%d calls of %d routes and %d pictures: %d CORS errors (the console says %d), %d missing fields, %d other differences",
		report.Calls, len(report.Routes), report.Pictures, len(report.Blocked), refusals, len(report.Missing), len(report.Wrong))
	for what, list := range map[string][]string{"blocked": report.Blocked, "missing": report.Missing, "wrong": report.Wrong} {
		for _, text := range list {
			t.Errorf("%s: %s", what, text)
		}
	}
	if report.Ended != "" {
		t.Errorf("the story ended early, %s", report.Ended)
	}
	if refusals > 0 {
		t.Errorf("the browser's console:\n%s", console)
	}
	for _, row := range contractRoutes(t) {
		if key := row.method + " " + row.path; strings.ContainsAny(row.marks, "Ff") && !row.next && !slices.Contains(report.Routes, key) {
			t.Errorf("no page calls %s", key)
		}
	}
}

// TestAPageThatMayNotCallReadsNothing is the other half of contract section 1.6: a
// foreign origin is served, and its browser keeps the answer from it.
func TestAPageThatMayNotCallReadsNothing(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t, "FRONTEND_URL", "http://"+pageHost, "API_URL", "http://"+apiHost)
	id, token := invited(h.Recruiter(), "")
	raw, written := browse(t, h, strangerHost, "stranger.html", map[string]string{"api": "http://" + apiHost, "token": token})
	const want = `{"open":"blocked","refused":"blocked","start":"blocked","notes":"blocked","header":"blocked"}`
	if string(raw) != want {
		t.Errorf("the stranger reads %s, want %s", raw, want)
	}
	eventually(t, func() string { // the console lags behind the page
		if n := strings.Count(written(), blockedByCORS); n != 5 {
			return fmt.Sprintf("the browser names %d CORS errors, want 5:\n%s", n, written())
		}
		return ""
	})
	link := h.Link(token)
	if got := link.Get("/interviews/candidate/current").Want(200).Str("status"); got != "IN_PROGRESS" {
		t.Errorf("the call that needs no preflight was not served: the interview is %s", got)
	}
	var notes *string
	if err := h.Pool.QueryRow(t.Context(), `SELECT "candidateNotes" FROM "Interview" WHERE id = $1`, id).Scan(&notes); err != nil || notes != nil {
		t.Errorf("the call that needs a preflight was sent (%v)", err)
	}
	a := link.Do("GET", "/jobs/public", "", "Origin", "http://"+strangerHost).Want(200)
	if _, given := a.Header["Access-Control-Allow-Origin"]; given || a.Header.Get("Vary") == "" {
		t.Errorf("a stranger is answered with %v", a.Header)
	}
}

// blockedByCORS is what the browser writes into its console.
const blockedByCORS = "has been blocked by CORS policy"

// browse opens a page of testdata/page in a browser, on the host's origin, and returns
// what the page reports in the end and a function for what the browser wrote so far.
func browse(t *testing.T, h *apptest.House, host, page string, setup map[string]string) (report []byte, written func() string) {
	t.Helper()
	reports := make(chan []byte, 1)
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServer(http.Dir(filepath.Join("testdata", "page"))))
	mux.HandleFunc("GET /setup.json", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(setup)
	})
	mux.HandleFunc("POST /report", func(_ http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil {
			select {
			case reports <- body:
			default:
			}
		}
	})
	pages := httptest.NewServer(mux)
	t.Cleanup(pages.Close)
	rules := []string{"MAP " + host + ":80 " + pages.Listener.Addr().String(), "MAP " + apiHost + ":80 " + addressOf(t, h.App.URL())}
	ended, written := startBrowser(t, "http://"+net.JoinHostPort(host, "80")+"/"+page, strings.Join(rules, ","))
	limit := time.NewTimer(browserLimit)
	defer limit.Stop()
	select {
	case report = <-reports:
	case err := <-ended:
		t.Fatalf("the browser ended without a report: %v\n%s", err, written())
	case <-limit.C:
		t.Fatalf("the page reported nothing in %s:\n%s", browserLimit, written())
	}
	return report, written
}

func addressOf(t *testing.T, origin string) string {
	t.Helper()
	u, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// startBrowser opens a page in a browser without a window, which ends with the test.
// The rules map host names to addresses. It returns the browser's end, should it come
// by itself, and a function for what was written so far.
func startBrowser(t *testing.T, page, rules string) (ended <-chan error, written func() string) {
	t.Helper()
	path, env := findBrowser(t)
	// Not t.TempDir: a process that dies late may still write, which is no failure.
	dir, err := os.MkdirTemp("", "vantahire-browser")
	if err != nil {
		t.Fatal(err)
	}
	output, err := os.Create(filepath.Join(dir, "output.log"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, path,
		"--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-crash-reporter", "--no-first-run", "--no-proxy-server",
		"--disable-extensions", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--password-store=basic",
		// A name without https would be tried with it first.
		"--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable",
		"--enable-logging=stderr", "--user-data-dir="+filepath.Join(dir, "profile"), "--host-resolver-rules="+rules, page,
	)
	cmd.Env = append(os.Environ(), env...)
	cmd.Env = append(cmd.Env, "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_CACHE_HOME="+dir)
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // its processes end together
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatalf("start the browser: %v", err)
	}
	end := make(chan error, 1)
	go func() {
		end <- cmd.Wait()
		close(end)
	}()
	t.Cleanup(func() {
		cancel()
		for range end { // until it is closed
		}
		_ = output.Close()
		_ = os.RemoveAll(dir)
	})
	return end, func() string {
		text, err := os.ReadFile(output.Name())
		if err != nil {
			return err.Error()
		}
		return string(text)
	}
}

// findBrowser looks for Chromium in PATH and where scripts/install-chromium.sh unpacks
// it for users who may not install packages, with the environment it needs there.
func findBrowser(t *testing.T) (path string, env []string) {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(cache, "vantahire", "deb")
	path, err = exec.LookPath(filepath.Join(root, "usr", "lib", "chromium", "chromium"))
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, exec.ErrNotFound) {
		t.Fatal("there is no Chromium: scripts/install-chromium.sh (part of make test) brings it")
	}
	if err != nil {
		t.Fatal(err)
	}
	var libraries []string
	for _, pattern := range []string{"usr/lib/*-linux-gnu", "lib/*-linux-gnu", "usr/lib/*-linux-gnu/nss", "usr/lib/*-linux-gnu/pulseaudio"} {
		found, _ := filepath.Glob(filepath.Join(root, pattern)) // the patterns are well formed
		libraries = append(libraries, found...)
	}
	env = []string{"LD_LIBRARY_PATH=" + strings.Join(libraries, ":"), "XDG_DATA_HOME=" + filepath.Join(root, "usr", "share")} // with its fonts
	if fonts := filepath.Join(root, "etc", "fonts"); exists(fonts) {
		env = append(env, "FONTCONFIG_PATH="+fonts)
	}
	return path, env
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
