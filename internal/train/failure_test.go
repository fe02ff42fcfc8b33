package train

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheTableOfFailuresHasOneLineForEachValueAndSaysWhatItMeans(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Failures() {
		key := string(f.Source) + "/" + f.Value
		assert.False(t, seen[key], key)
		seen[key] = true
		assert.NotContains(t, FailureMeans(f.FailureReason), "does not know", key)
		assert.Contains(t, []FailureKind{FailureTransient, FailureDefinitive, FailureUnknown}, f.Kind, key)
		assert.Equal(t, f.Kind, KindOf(f.FailureReason))
	}
}

func TestTheDocsOnFailuresAreThoseOfTheTable(t *testing.T) {
	const path = "../../docs/failures.md"
	if os.Getenv("UPDATE_DOCS") != "" {
		require.NoError(t, os.WriteFile(path, []byte(FailuresDoc()), 0o600))
	}
	have, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, FailuresDoc(), string(have), "UPDATE_DOCS=1 go test ./internal/train -run TheDocsOnFailures")
}

func TestEveryAnswerHasAKindAndALostAnswerToAWriteIsUnknown(t *testing.T) {
	for _, k := range []FaultKind{FaultAuth, FaultForbidden, FaultNotFound, FaultInvalid, FaultConflict, FaultRateLimited, FaultUnavailable} {
		read := KindOf(FailureReason{FromRead, string(k)})
		write := KindOf(FailureReason{FromWrite, string(k)})
		switch {
		case k == FaultUnavailable:
			assert.Equal(t, FailureTransient, read)
			assert.Equal(t, FailureUnknown, write, "it may have taken effect")
		case k.Retryable():
			assert.Equal(t, FailureTransient, read)
			assert.Equal(t, FailureTransient, write)
		default:
			assert.Equal(t, FailureDefinitive, read)
			assert.Equal(t, FailureDefinitive, write)
		}
	}
}

func TestWhatTheTableDoesNotKnowIsUnknown(t *testing.T) {
	flare := FailureReason{FromJob, "solar_flare"}
	assert.Equal(t, FailureUnknown, KindOf(flare))
	assert.Contains(t, FailureMeans(flare), `GitLab job says "solar_flare", which this version does not know`)
	assert.Equal(t, FailureUnknown, KindOf(JobFailure(EndedJob{Status: "failed"})), "GitLab gave no reason")
	cancelled := JobFailure(EndedJob{Status: "canceled"})
	assert.Equal(t, FailureDefinitive, KindOf(cancelled))
	assert.Contains(t, FailureMeans(cancelled), "somebody cancelled it")
}

func TestWhatAFailureLooksLike(t *testing.T) {
	transient := Deploy{Outcome: DeployFailed, Kind: FailureTransient, Cause: "the runner failed, not the script"}
	red := Deploy{Outcome: DeploySmokeRed, Kind: FailureDefinitive, Cause: "the smoke tests ended failed"}
	for name, tt := range map[string]struct {
		d    Deploy
		e    Evidence
		says string
	}{
		"errors rose":               {red, Evidence{Errors: 120, Before: 4}, "It looks like a regression, because error logs rose from 4 to 120."},
		"a few more are noise":      {red, Evidence{Errors: 9}, "It looks like flakiness, because error logs did not rise (9, before 0) and no monitor fires."},
		"as noisy as before":        {red, Evidence{Errors: 300, Before: 290}, "It looks like flakiness, because error logs did not rise (300, before 290) and no monitor fires."},
		"a monitor fires":           {red, Evidence{Monitors: []Link{{Text: "checkout"}}}, "It looks like a regression, because the monitor checkout fires."},
		"both":                      {red, Evidence{Errors: 20, Before: 1, Monitors: []Link{{Text: "a"}, {Text: "b"}}}, "It looks like a regression, because error logs rose from 1 to 20 and 2 monitors fire, the first is a."},
		"a runner broke down":       {transient, Evidence{Errors: 3, Before: 4}, "It looks like flakiness, because the runner failed, not the script, and error logs did not rise (3, before 4) and no monitor fires."},
		"no Datadog, a runner":      {transient, Evidence{Problem: "503"}, "It looks like flakiness, because the runner failed, not the script."},
		"no Datadog":                {red, Evidence{Problem: "503"}, "It looks like nothing clear, because Datadog did not tell."},
		"the outcome is not known":  {Deploy{Outcome: DeployUnknown, Kind: FailureUnknown}, Evidence{}, "It looks like nothing clear, because the outcome is not known; error logs did not rise (0, before 0) and no monitor fires."},
		"a runner, but errors rose": {transient, Evidence{Errors: 50, Before: 2}, "It looks like a regression, because error logs rose from 2 to 50."},
	} {
		t.Run(name, func(t *testing.T) {
			verdict := JudgeEvidence(tt.e, tt.d)
			tt.e.Looks, tt.e.Because = verdict.Looks, Because(verdict, tt.e, tt.d)
			assert.Equal(t, tt.says, evidenceLine(tt.e))
		})
	}
}

func TestAReattemptIsOnlyForWhatBrokeDownBoundedAndInsideTheWindow(t *testing.T) {
	ended := time.Date(2026, 11, 24, 20, 58, 0, 0, time.UTC) // 15:58 in New York
	state := func(d Deploy) *State {
		s := gateState(DeploySucceeded, E2EGreen)
		s.Train = s.Train.WithDefaults()
		d.Tag, d.EndedAt = s.Candidate.Tag, ended
		s.SetDeploy(d)
		return s
	}
	at, ok := Reattempt(state(Deploy{Environment: Production, Outcome: DeployFailed, Kind: FailureTransient}), Production)
	assert.True(t, ok)
	assert.Equal(t, ended.Add(time.Minute), at)
	at, ok = Reattempt(state(Deploy{Environment: Staging, Outcome: DeployFailed, Kind: FailureTransient, ByItself: 1}), Staging)
	assert.True(t, ok)
	assert.Equal(t, ended.Add(2*time.Minute), at, "it waits longer each time")
	for name, d := range map[string]Deploy{
		"past the window": {Environment: Production, Outcome: DeployFailed, Kind: FailureTransient, ByItself: 1},
		"tried enough":    {Environment: Staging, Outcome: DeployFailed, Kind: FailureTransient, ByItself: 2},
		"definitive":      {Environment: Staging, Outcome: DeployFailed, Kind: FailureDefinitive},
		"unknown":         {Environment: Staging, Outcome: DeployUnknown, Kind: FailureUnknown},
		"rolled back":     {Environment: Staging, Outcome: DeployRolledBack, Kind: FailureDefinitive, Rollback: &RolledBack{}},
		"held":            {Environment: Staging, Outcome: DeployHeld, Kind: FailureHeld},
	} {
		_, ok := Reattempt(state(d), d.Environment)
		assert.False(t, ok, name)
	}
}

func TestARollbackNamesItsTargetOrSaysWhatIsMissing(t *testing.T) {
	before := Version{Tag: "api/v2026.11.23.1", SHA: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}
	state := func(b Version, bad ...string) *State {
		s := shownRelease(DeploySucceeded, E2EGreen)
		s.Train.TagPrefix = "api/"
		s.Production = &Deploy{Environment: Production, Tag: s.Candidate.Tag, Outcome: DeploySucceeded, Before: b, Run: Run{JobID: 5}}
		s.Bad = map[string]string{}
		for _, tag := range bad {
			s.Bad[tag] = "loses bookings"
		}
		return s
	}
	ask := func(s *State, tag string) string {
		return RefusalSentence(Check(s, Rollback, Command{By: "ada", Reason: "errors", Environment: Production, Tag: tag}, s.Plan.WindowOpens), time.UTC)
	}
	assert.Empty(t, ask(state(before), ""))
	assert.Empty(t, ask(state(before), "api/v2026.11.20.1"), "any older tag")
	assert.Contains(t, ask(state(Version{}), ""), `it is not known what production ran before api/v2026.11.24.1: name it in the field "tag"`)
	assert.Contains(t, ask(state(Version{SHA: before.SHA}), ""), "which has no tag")
	assert.Contains(t, ask(state(before, before.Tag), ""), "was marked bad and is no target")
	assert.Contains(t, ask(state(before), "api/v2026.11.24.1"), "which is what was deployed")
	assert.Contains(t, ask(state(before), "yesterday"), `the field "tag"`)
	s := state(before)
	s.Production = nil
	assert.Contains(t, ask(s, ""), "without a release: starter rollback --environment production --tag <tag>")
}
