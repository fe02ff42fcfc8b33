package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// Lines that a scenario prints to paste: of our CLI, of tctl, and of curl.
var (
	byCLI  = regexp.MustCompile(`(?m)^  go run \./starter ((\S+) --by ada.*)$`)
	byTctl = regexp.MustCompile(`(?m)^  (go tool -modfile=internal/tools/tctl/go.mod tctl workflow signal -w \S+ -n (\S+) -i '.*')$`)
	byCurl = regexp.MustCompile(`(?m)^  (curl) -X POST (\S+) -d '\{\}'$`)
)

// shellWords splits a line as a shell does, as far as our lines need it.
var shellWords = regexp.MustCompile(`"[^"]*"|'[^']*'|\S+`)

// built is where programs are that the tests build once.
var built string

func TestMain(m *testing.M) {
	var err error
	if built, err = os.MkdirTemp("", "release-train-starter-test-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(built)
	os.Exit(code)
}

// program is this program with a worker beside it, built once for the tests that
// need them as processes.
var program = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "build", "-o", built+"/", ".", "../worker").CombinedOutput()
	if err != nil {
		return string(out), err
	}
	return filepath.Join(built, "starter"), nil
})

// atOnce bounds how many scenarios run at a time: each has a Temporal server.
var atOnce = make(chan struct{}, 2)

// TestTheScenariosEndWellWithTheCommandsThatTheyPrint pastes each line as it appears.
func TestTheScenariosEndWellWithTheCommandsThatTheyPrint(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a Temporal server")
	}
	for name, tt := range map[string]struct {
		door   *regexp.Regexp
		wanted []string
		says   string
	}{
		"red-e2e": {byCLI, []string{"approve-despite-e2e"}, "E2E is red"},
		"freeze":  {byCurl, []string{"curl"}, "The freeze holds production"},
		"hotfix":  {byCLI, []string{"hotfix-freeze", "lift-hotfix-freeze", "cut-tag"}, "lacks the hotfix"},
		"flaky-deploy": {byCLI, nil, "waiting for attempt 2 at production, by itself: the job promote-production ended " +
			"failed (runner_system_failure)"},
		"regression": {byTctl, []string{"cut-tag"}, "was rolled back by itself"},
		"smoke-red":  {byTctl, []string{"retry-deploy"}, "waiting for a person: the deploy of"},
		"flux-stuck": {byTctl, []string{"retry-deploy"}, "Flux has given up on"},
		"drift":      {byTctl, []string{"acknowledge"}, "the hold drift to end: production runs"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			atOnce <- struct{}{}
			defer func() { <-atOnce }()
			s, ended := demoRun(t, "--scenario", name, "--length", "12s")
			var pasted []string
			result := -1
			require.Eventually(t, func() bool {
				select {
				case result = <-ended:
					return true
				default:
				}
				if lines := tt.door.FindAllStringSubmatch(s.String(), -1); len(lines) > len(pasted) {
					pasted = append(pasted, paste(t, s.String(), tt.door, lines[len(pasted)]))
				}
				return false
			}, 3*time.Minute, 100*time.Millisecond, "the scenario never ended:\n%s", s)
			assert.Equal(t, 0, result, s.String())
			assert.Equal(t, tt.wanted, pasted)
			assert.Contains(t, s.String(), ": released.")
			assert.Contains(t, s.String(), tt.says)
		})
	}
}

// demoRun runs a demo as a process and gives its exit code at its end.
func demoRun(t *testing.T, args ...string) (*screen, <-chan int) {
	t.Helper()
	return demoRunUntil(t.Context(), t, args...)
}

// demoRunUntil is demoRun with Ctrl-C when the context ends.
func demoRunUntil(ctx context.Context, t *testing.T, args ...string) (*screen, <-chan int) {
	t.Helper()
	path, err := program()
	require.NoError(t, err, path)
	s := &screen{}
	cmd := exec.CommandContext(ctx, path,
		slices.Concat([]string{"--config", "../release.yaml", "demo", "--repo", repository(t)}, args)...)
	cmd.Stdout, cmd.Stderr = s, s
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	require.NoError(t, cmd.Start())
	ended := make(chan int, 1)
	go func() {
		_ = cmd.Wait()
		ended <- cmd.ProcessState.ExitCode()
	}()
	return s, ended
}

// paste runs a line as from another terminal and gives the command's name.
func paste(t *testing.T, shown string, door *regexp.Regexp, line []string) string {
	t.Helper()
	if door == byCurl {
		answer, err := http.Post(line[2], "application/json",
			strings.NewReader("{}")) //nolint:gosec,noctx // the sandbox's own address
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return line[1]
	}
	address := regexp.MustCompile(`TEMPORAL_ADDRESS=(\S+)`).FindStringSubmatch(shown)
	require.NotNil(t, address)
	var args []string
	for _, w := range shellWords.FindAllString(line[1], -1) {
		args = append(args, strings.Trim(w, `"'`))
	}
	dir := ".."
	if door == byCLI {
		path, err := program()
		require.NoError(t, err)
		args, dir = append([]string{path, "--config", "../release.yaml"}, args...), "."
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...) //nolint:gosec // what the scenario printed
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TEMPORAL_ADDRESS="+address[1], "TEMPORAL_CLI_ADDRESS="+address[1])
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Run(), "%s\n%s", line[1], out.String())
	return line[2]
}

func TestAScenarioThatIsNotKnownIsRefusedWithThoseThatAre(t *testing.T) {
	code, shown := starter(t.Context(), nil, "demo", "--scenario", "earthquake")
	assert.Equal(t, 1, code)
	assert.Contains(t, shown, "--scenario earthquake is not known: write one of red-e2e, freeze, hotfix, flaky-deploy, "+
		"regression, smoke-red, flux-stuck, drift")
}

func TestEveryCommandHasASubCommandWithHelpAndAnExampleThatParses(t *testing.T) {
	for _, e := range rules.Commands() {
		if e.Name == train.SkipDay || e.Name == train.AddDay {
			continue
		}
		code, shown := starter(t.Context(), nil, string(e.Name), "--help")
		assert.Equal(t, 0, code)
		assert.Contains(t, shown, "Accepted when: "+words.About(e.Name).Accepted)
		assert.Contains(t, shown, "--by")
		example := exampleLine(e)
		assert.Contains(t, shown, example)
		for _, flag := range regexp.MustCompile(`--[a-z-]+`).FindAllString(example, -1) {
			assert.Contains(t, shown, "      "+flag, "%s: %s", e.Name, flag)
		}
	}
	code, shown := starter(t.Context(), nil, "completion", "bash")
	assert.Equal(t, 0, code)
	assert.Contains(t, shown, "starter")
}
