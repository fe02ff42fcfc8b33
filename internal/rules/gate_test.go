package rules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
)

// gateState is a release of 24 November 2026 in New York with a candidate.
func gateState(staging train.DeployOutcome, e2e train.E2EState) *train.State {
	opens := time.Date(2026, 11, 24, 16, 0, 0, 0, time.UTC)
	s := &train.State{
		Train: train.Train{Name: "api", Zone: "America/New_York"},
		Plan: calendar.Plan{Day: calendar.Day{Year: 2026, Month: 11, Day: 24}, WindowOpens: opens,
			WindowCloses: opens.Add(5 * time.Hour), NextCutAt: opens.Add(6 * time.Hour)},
		Candidate: train.Candidate{Tag: "api/v2026.11.24.1", SHA: "0123456789"},
		Staging:   &train.Deploy{Environment: train.Staging, Tag: "api/v2026.11.24.1", Outcome: staging},
	}
	if e2e != "" {
		s.E2E = &train.E2E{State: e2e, Why: "1 test of 4 failed"}
	}
	return s
}

func TestTheGateIsOpenOnlyWithGreenEvidenceInsideTheWindow(t *testing.T) {
	opens := gateState("", "").Plan.WindowOpens
	for name, tt := range map[string]struct {
		staging train.DeployOutcome
		e2e     train.E2EState
		now     time.Time
		open    bool
		closed  bool
		wake    time.Time
		reminds bool
	}{
		"green, a second early": {train.DeploySucceeded, train.E2EGreen, opens.Add(-time.Second),
			false, false, opens, false},
		"green at eleven": {train.DeploySucceeded, train.E2EGreen, opens, true, false,
			opens.Add(5 * time.Hour), false},
		"green at 15:59": {train.DeploySucceeded, train.E2EGreen, opens.Add(5*time.Hour - time.Minute), true, false,
			opens.Add(5 * time.Hour), false},
		"green at 16:00": {train.DeploySucceeded, train.E2EGreen, opens.Add(5 * time.Hour),
			false, true, time.Time{}, false},
		"red at night": {train.DeploySucceeded, train.E2ERed, opens.Add(-8 * time.Hour), false, false,
			opens.Add(-time.Hour), true},
		"red after one reminder": {train.DeploySucceeded, train.E2ERed, opens.Add(-time.Hour), false, false,
			opens.Add(-15 * time.Minute), true},
		"red after two reminders": {train.DeploySucceeded, train.E2ERed, opens.Add(-15 * time.Minute),
			false, false, opens, false},
		"red in the window": {train.DeploySucceeded, train.E2ERed, opens, false, false,
			opens.Add(5 * time.Hour), false},
		"overdue": {train.DeploySucceeded, train.E2EOverdue, opens, false, false,
			opens.Add(5 * time.Hour), false},
		"could not run": {train.DeploySucceeded, train.E2ECouldNotRun, opens, false, false,
			opens.Add(5 * time.Hour), false},
		"void": {train.DeploySucceeded, train.E2EVoid, opens, false, false,
			opens.Add(5 * time.Hour), false},
		"still running": {train.DeploySucceeded, train.E2ERunning, opens, false, false,
			opens.Add(5 * time.Hour), false},
		"never ran": {train.DeploySucceeded, "", opens, false, false, opens.Add(5 * time.Hour), false},
		"staging smoke red": {train.DeploySmokeRed, train.E2EGreen, opens, false, false,
			opens.Add(5 * time.Hour), false},
	} {
		g := DecideGate(gateState(tt.staging, tt.e2e), tt.now)
		assert.Equal(t, tt.open, g.Open, name)
		assert.Equal(t, tt.closed, g.Closed, name)
		assert.Equal(t, tt.wake, g.Wake, name)
		assert.Equal(t, tt.reminds, g.Reminds, name)
		green := tt.staging == train.DeploySucceeded && tt.e2e == train.E2EGreen
		assert.Equal(t, green, len(g.Blocked) == 0, name)
	}
}

func TestEachStepObeysTheHoldsOfTheProduct(t *testing.T) {
	all := []train.Hold{{Kind: train.HoldPause}, {Kind: train.HoldFreeze}, {Kind: train.HoldHotfix},
		{Kind: train.HoldEnvironmentBusy}, {Kind: train.HoldDrift}, {Kind: train.HoldRolledBack}, {Kind: train.HoldLate}}
	for step, want := range map[train.Step][]train.HoldKind{
		train.StepTag:           {train.HoldPause, train.HoldFreeze, train.HoldHotfix, train.HoldLate},
		train.StepDeployStaging: {train.HoldPause, train.HoldFreeze, train.HoldHotfix, train.HoldEnvironmentBusy},
		train.StepE2E:           {train.HoldPause, train.HoldFreeze, train.HoldHotfix},
		train.StepDeployProduction: {train.HoldPause, train.HoldFreeze, train.HoldHotfix, train.HoldEnvironmentBusy,
			train.HoldDrift, train.HoldRolledBack},
		train.StepChangelog: nil,
		train.StepMessage:   nil,
	} {
		var got []train.HoldKind
		for _, h := range blockingOf(step, all) {
			got = append(got, h.Kind)
		}
		assert.Equal(t, want, got, step)
	}
}
