package rules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/train"
)

func TestALookFromBeforeTheAcknowledgementDoesNotBringTheHoldBack(t *testing.T) {
	accepted, other := train.Version{Tag: "v9", SHA: "9"}, train.Version{Tag: "v8", SHA: "8"}
	drift := train.Hold{Kind: train.HoldDrift, Reason: "production runs something else"}
	for name, tt := range map[string]struct {
		seen   train.Observation
		stands bool
	}{
		"what was acknowledged":        {train.Observation{Drift: &drift, Running: accepted}, false},
		"something else":               {train.Observation{Drift: &drift, Running: other}, true},
		"what was seen is not known":   {train.Observation{Drift: &drift}, true},
		"the tag was moved besides":    {train.Observation{Drift: &drift, Running: accepted, TagMoved: true}, true},
		"nothing holds what is looked": {train.Observation{Running: other}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := train.State{Accepted: accepted}
			Observe(&s, tt.seen, time.Time{})
			assert.Equal(t, tt.stands, s.Hold(train.HoldDrift) != nil)
		})
	}
}

func TestADriftThatAPlayRanIntoStandsUntilProductionIsSeen(t *testing.T) {
	accepted := train.Version{Tag: "v9", SHA: "9"}
	s := train.State{Accepted: accepted, Running: accepted}
	AddHolds(&s, []train.Hold{{Kind: train.HoldDrift, Reason: "production runs v8"}}, time.Time{})
	known, report := KnownObservation(&s)
	assert.True(t, report, "the next look says what runs")
	Observe(&s, known, time.Time{}) // something else changed, and Flux did not answer
	assert.NotNil(t, s.Hold(train.HoldDrift))
}

func TestARollbackOfAFurtherAttemptGoesToWhatWasAcknowledged(t *testing.T) {
	s := train.State{Candidate: train.Candidate{Tag: "v2"}}
	for _, env := range []train.EnvironmentName{train.Staging, train.Production} {
		s.SetDeploy(train.Deploy{Environment: env, Tag: "v2", Outcome: train.DeployFailed, Before: train.Version{Tag: "v1"}})
	}
	assert.Equal(t, "v1", EarlierAttempt(&s, train.Production).Before.Tag)
	AcceptDrift(&s, train.ReadDrift{Running: train.Version{Tag: "v1.1"}})
	assert.Equal(t, "v1.1", EarlierAttempt(&s, train.Production).Before.Tag)
	assert.Equal(t, "v1", EarlierAttempt(&s, train.Staging).Before.Tag)
}

func TestANewCandidateForgetsWhatTheOldOneTookOutOfProduction(t *testing.T) {
	s := train.State{Candidate: train.Candidate{Tag: "v2"}, Removed: train.Difference{Count: 2}}
	TakeCandidate(&s, train.Candidate{Tag: "v3"})
	assert.Zero(t, s.Removed)
}

func TestADriftIsAcknowledgedOnlyWhileACandidateStandsThatProductionIsComparedWith(t *testing.T) {
	s := train.State{Phase: train.Cutting, Holds: []train.Hold{{Kind: train.HoldDrift, Reason: "production runs v8"}}}
	refusal := Check(&s, train.Acknowledge, train.Command{By: "ada", Hold: train.HoldDrift}, time.Time{})
	require.NotNil(t, refusal)
	assert.Equal(t, train.RefusedNoCandidate, refusal.Code)
}
