package words

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
)

func TestTheTableOfFailuresHasOneLineForEachValueAndSaysWhatItMeans(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range rules.Failures() {
		key := string(f.Source) + "/" + f.Value
		assert.False(t, seen[key], key)
		seen[key] = true
		assert.NotContains(t, FailureMeans(f.FailureReason), "does not know", key)
		assert.NotEmpty(t, FailureMeans(f.FailureReason), key)
		assert.Contains(t, []train.FailureKind{train.FailureTransient, train.FailureDefinitive, train.FailureUnknown}, f.Kind,
			key)
		assert.Equal(t, f.Kind, rules.KindOf(f.FailureReason))
	}
}

func TestTheDocsOnFailuresAreThoseOfTheTable(t *testing.T) {
	const path = "../../docs/failures.md"
	if os.Getenv("UPDATE_DOCS") != "" {
		require.NoError(t, os.WriteFile(path, []byte(failuresDoc()), 0o600))
	}
	have, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, failuresDoc(), string(have), "UPDATE_DOCS=1 go test ./internal/words -run TheDocsOnFailures")
}

func TestWhatTheTableDoesNotKnowIsUnknown(t *testing.T) {
	flare := rules.FailureReason{Source: rules.FromJob, Value: "solar_flare"}
	assert.Equal(t, train.FailureUnknown, rules.KindOf(flare))
	assert.Contains(t, FailureMeans(flare), `GitLab job says "solar_flare", which this version does not know`)
	assert.Equal(t, train.FailureUnknown, rules.KindOf(rules.JobFailure(train.EndedJob{Status: "failed"})),
		"GitLab gave no reason")
	cancelled := rules.JobFailure(train.EndedJob{Status: "canceled"})
	assert.Equal(t, train.FailureDefinitive, rules.KindOf(cancelled))
	assert.Contains(t, FailureMeans(cancelled), "somebody cancelled it")
}

func TestWhatAFailureLooksLike(t *testing.T) {
	transient := train.Deploy{Outcome: train.DeployFailed, Kind: train.FailureTransient,
		Cause: "the runner failed, not the script"}
	red := train.Deploy{Outcome: train.DeploySmokeRed, Kind: train.FailureDefinitive,
		Cause: "the smoke tests ended failed"}
	for name, tt := range map[string]struct {
		d    train.Deploy
		e    train.Evidence
		says string
	}{
		"errors rose": {red, train.Evidence{Errors: 120, Before: 4},
			"It looks like a regression, because error logs rose from 4 to 120."},
		"a few more are noise": {red, train.Evidence{Errors: 9},
			"It looks like flakiness, because error logs did not rise (9, before 0) and no monitor fires."},
		"as noisy as before": {red, train.Evidence{Errors: 300, Before: 290},
			"It looks like flakiness, because error logs did not rise (300, before 290) and no monitor fires."},
		"a monitor fires": {red, train.Evidence{Monitors: []train.Link{{Text: "checkout"}}},
			"It looks like a regression, because the monitor checkout fires."},
		"both": {red,
			train.Evidence{Errors: 20, Before: 1, Monitors: []train.Link{{Text: "a"}, {Text: "b"}}},
			"It looks like a regression, because error logs rose from 1 to 20 and 2 monitors fire, the first is a."},
		"a runner broke down": {transient, train.Evidence{Errors: 3, Before: 4},
			"It looks like flakiness, because the runner failed, not the script, and error logs did not rise (3, before 4) " +
				"and " +
				"no monitor fires."},
		"no Datadog, a runner": {transient, train.Evidence{Problem: "503"},
			"It looks like flakiness, because the runner failed, not the script."},
		"no Datadog": {red, train.Evidence{Problem: "503"},
			"It looks like nothing clear, because Datadog did not tell."},
		"the outcome is not known": {train.Deploy{Outcome: train.DeployUnknown, Kind: train.FailureUnknown},
			train.Evidence{}, "It looks like nothing clear, because the outcome is not known; error logs did not rise (0, " +
				"before 0) and no monitor fires."},
		"a runner, but errors rose": {transient, train.Evidence{Errors: 50, Before: 2},
			"It looks like a regression, because error logs rose from 2 to 50."},
	} {
		t.Run(name, func(t *testing.T) {
			verdict := rules.JudgeEvidence(tt.e, tt.d)
			tt.e.Looks, tt.e.Because = verdict.Looks, Because(verdict, tt.e, tt.d)
			assert.Equal(t, tt.says, evidenceLine(tt.e))
		})
	}
}

func TestARollbackNamesItsTargetOrSaysWhatIsMissing(t *testing.T) {
	before := train.Version{Tag: "api/v2026.11.23.1", SHA: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}
	state := func(b train.Version, bad ...string) *train.State {
		s := shownRelease(train.DeploySucceeded, train.E2EGreen)
		s.Train.TagPrefix = "api/"
		s.Production = &train.Deploy{Environment: train.Production, Tag: s.Candidate.Tag, Outcome: train.DeploySucceeded,
			Before: b, Run: train.Run{JobID: 5}}
		s.Bad = map[string]string{}
		for _, tag := range bad {
			s.Bad[tag] = "loses bookings"
		}
		return s
	}
	ask := func(s *train.State, tag string) string {
		return Refusal(rules.Check(s, train.Rollback,
			train.Command{By: "ada", Reason: "errors", Environment: train.Production, Tag: tag}, s.Plan.WindowOpens), time.UTC)
	}
	assert.Empty(t, ask(state(before), ""))
	assert.Empty(t, ask(state(before), "api/v2026.11.20.1"), "any older tag")
	assert.Contains(t, ask(state(train.Version{}), ""),
		`it is not known what production ran before api/v2026.11.24.1: name it in the field "tag"`)
	assert.Contains(t, ask(state(train.Version{SHA: before.SHA}), ""), "which has no tag")
	assert.Contains(t, ask(state(before, before.Tag), ""), "was marked bad and is no target")
	assert.Contains(t, ask(state(before), "api/v2026.11.24.1"), "which is what was deployed")
	assert.Contains(t, ask(state(before), "yesterday"), `the field "tag"`)
	s := state(before)
	s.Production = nil
	assert.Contains(t, ask(s, ""), "without a release: starter rollback --environment production --tag <tag>")
}

// failuresDoc is the page that lists the table for people.
func failuresDoc() string {
	var b strings.Builder
	b.WriteString(`# What a failure means

<!-- Made from internal/rules/failure.go: UPDATE_DOCS=1 go test ./internal/words -run TheDocsOnFailures -->

| kind | what happens |
|---|---|
| transient | the machinery failed: tried again by itself, at most ` + "`retry.attempts`" + ` times in a row, waiting longer each time; each attempt passes all holds, production only inside the window |
| definitive | it would fail again: people are asked; where smoke tests failed, what ran before is put back first |
| unknown | it may have taken effect: job and Flux are read, people are told what was found and asked |
| held | nothing was done; it goes on by itself when the hold ends |

Before any further attempt the job, the deployment and Flux are read: what runs is followed, what is there already is only smoke-tested.` + `

| who says so | what | kind | means |
|---|---|---|---|
`)
	for _, f := range rules.Failures() {
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", f.Source, f.Value, f.Kind, FailureMeans(f.FailureReason))
	}
	b.WriteString("| anyone | anything else | unknown | it is not in this table |\n")
	return b.String()
}
