package main

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/train"
)

// hinted are the lines of our own CLI, or of curl, that a scenario prints to paste.
var hinted = regexp.MustCompile(`(?m)^  (?:go run \./starter (\S+ --by ada.*)|curl -X POST (\S+) -d '\{\}')$`)

// words splits a line as a shell does, as far as our lines need it.
var words = regexp.MustCompile(`"[^"]*"|\S+`)

// TestTheScenariosEndWellWithTheCommandsThatTheyPrint pastes each line as it appears.
func TestTheScenariosEndWellWithTheCommandsThatTheyPrint(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a Temporal server")
	}
	for name, wanted := range map[string][]string{
		"red-e2e": {"approve-despite-e2e"},
		"freeze":  {"curl"},
		"hotfix":  {"hotfix-freeze", "lift-hotfix-freeze", "cut-tag"},
	} {
		t.Run(name, func(t *testing.T) {
			var s screen
			demo := &app{out: &s, err: &s, getenv: os.Getenv}
			code, repo := make(chan int, 1), repository(t)
			go func() {
				code <- demo.run(t.Context(), []string{"--config", "../release.yaml", "demo", "--scenario", name, "--length", "12s", "--repo", repo})
			}()
			var pasted []string
			ended := -1
			require.Eventually(t, func() bool {
				select {
				case ended = <-code:
					return true
				default:
				}
				if hints := hinted.FindAllStringSubmatch(s.String(), -1); len(hints) > len(pasted) {
					pasted = append(pasted, paste(t, &s, hints[len(pasted)]))
				}
				return false
			}, 2*time.Minute, 100*time.Millisecond, "the scenario never ended:\n%s", &s)
			assert.Equal(t, 0, ended, s.String())
			assert.Equal(t, wanted, pasted)
			assert.Contains(t, s.String(), ": released.")
			if name != "freeze" {
				assert.Contains(t, s.String(), "tctl workflow signal -w release-api-", "or by tctl")
			}
		})
	}
}

// paste runs a line from another terminal and gives the command's name.
func paste(t *testing.T, s *screen, hint []string) string {
	t.Helper()
	if url := hint[2]; url != "" {
		answer, err := http.Post(url, "application/json", strings.NewReader("{}")) //nolint:gosec,noctx // the sandbox's own address
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return "curl"
	}
	address := regexp.MustCompile(`TEMPORAL_ADDRESS=(\S+)`).FindStringSubmatch(s.String())
	require.NotNil(t, address)
	t.Setenv("TEMPORAL_ADDRESS", address[1])
	var args []string
	for _, w := range words.FindAllString(hint[1], -1) {
		args = append(args, strings.Trim(w, `"`))
	}
	code, shown := starter(t.Context(), nil, args...)
	assert.Equal(t, 0, code, shown)
	return args[0]
}

func TestAScenarioThatIsNotKnownIsRefusedWithThoseThatAre(t *testing.T) {
	code, shown := starter(t.Context(), nil, "demo", "--scenario", "earthquake")
	assert.Equal(t, 1, code)
	assert.Contains(t, shown, "--scenario earthquake is not known: write one of red-e2e, freeze, hotfix")
}

func TestEveryCommandHasASubCommandWithHelpAndAnExampleThatParses(t *testing.T) {
	for _, e := range train.Commands {
		if e.Name == train.SkipDay || e.Name == train.AddDay {
			continue
		}
		code, shown := starter(t.Context(), nil, string(e.Name), "--help")
		assert.Equal(t, 0, code)
		assert.Contains(t, shown, "Accepted when: "+e.Accepted)
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
