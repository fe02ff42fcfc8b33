package rules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/release-train/release-train/internal/train"
)

func TestAReattemptIsOnlyForWhatBrokeDownBoundedAndInsideTheWindow(t *testing.T) {
	ended := time.Date(2026, 11, 24, 20, 58, 0, 0, time.UTC) // 15:58 in New York
	state := func(d train.Deploy) *train.State {
		s := gateState(train.DeploySucceeded, train.E2EGreen)
		s.Train = s.Train.WithDefaults()
		d.Tag, d.EndedAt = s.Candidate.Tag, ended
		s.SetDeploy(d)
		return s
	}
	at, ok := Reattempt(state(train.Deploy{Environment: train.Production, Outcome: train.DeployFailed,
		Kind: train.FailureTransient}), train.Production)
	assert.True(t, ok)
	assert.Equal(t, ended.Add(time.Minute), at)
	at, ok = Reattempt(state(train.Deploy{Environment: train.Staging, Outcome: train.DeployFailed,
		Kind: train.FailureTransient, ByItself: 1}), train.Staging)
	assert.True(t, ok)
	assert.Equal(t, ended.Add(2*time.Minute), at, "it waits longer each time")
	for name, d := range map[string]train.Deploy{
		"past the window": {Environment: train.Production, Outcome: train.DeployFailed,
			Kind: train.FailureTransient, ByItself: 1},
		"tried enough": {Environment: train.Staging, Outcome: train.DeployFailed,
			Kind: train.FailureTransient, ByItself: 2},
		"definitive": {Environment: train.Staging, Outcome: train.DeployFailed, Kind: train.FailureDefinitive},
		"unknown":    {Environment: train.Staging, Outcome: train.DeployUnknown, Kind: train.FailureUnknown},
		"rolled back": {Environment: train.Staging, Outcome: train.DeployRolledBack, Kind: train.FailureDefinitive,
			Rollback: &train.RollbackRecord{}},
		"held": {Environment: train.Staging, Outcome: train.DeployHeld, Kind: train.FailureHeld},
	} {
		_, ok := Reattempt(state(d), d.Environment)
		assert.False(t, ok, name)
	}
}
