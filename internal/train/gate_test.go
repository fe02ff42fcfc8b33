package train

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// gateState is a release of 24 November 2026 in New York with a candidate.
func gateState(staging DeployOutcome, e2e E2EState) *State {
	opens := time.Date(2026, 11, 24, 16, 0, 0, 0, time.UTC)
	s := &State{
		Train:     Train{Name: "api", Zone: "America/New_York"},
		Plan:      Plan{Day: Day{2026, 11, 24}, WindowOpens: opens, WindowCloses: opens.Add(5 * time.Hour), NextCutAt: opens.Add(6 * time.Hour)},
		Candidate: Candidate{Tag: "api/v2026.11.24.1", SHA: "0123456789"},
		Staging:   &Deploy{Environment: Staging, Tag: "api/v2026.11.24.1", Outcome: staging},
	}
	if e2e != "" {
		s.E2E = &E2E{State: e2e, Why: "1 test of 4 failed"}
	}
	return s
}

func TestTheGateIsOpenOnlyWithGreenEvidenceInsideTheWindow(t *testing.T) {
	opens := gateState("", "").Plan.WindowOpens
	for name, tt := range map[string]struct {
		staging DeployOutcome
		e2e     E2EState
		now     time.Time
		open    bool
		closed  bool
		wake    time.Time
		reminds bool
	}{
		"green, a second early":   {DeploySucceeded, E2EGreen, opens.Add(-time.Second), false, false, opens, false},
		"green at eleven":         {DeploySucceeded, E2EGreen, opens, true, false, opens.Add(5 * time.Hour), false},
		"green at 15:59":          {DeploySucceeded, E2EGreen, opens.Add(5*time.Hour - time.Minute), true, false, opens.Add(5 * time.Hour), false},
		"green at 16:00":          {DeploySucceeded, E2EGreen, opens.Add(5 * time.Hour), false, true, time.Time{}, false},
		"red at night":            {DeploySucceeded, E2ERed, opens.Add(-8 * time.Hour), false, false, opens.Add(-time.Hour), true},
		"red after one reminder":  {DeploySucceeded, E2ERed, opens.Add(-time.Hour), false, false, opens.Add(-15 * time.Minute), true},
		"red after two reminders": {DeploySucceeded, E2ERed, opens.Add(-15 * time.Minute), false, false, opens, false},
		"red in the window":       {DeploySucceeded, E2ERed, opens, false, false, opens.Add(5 * time.Hour), false},
		"overdue":                 {DeploySucceeded, E2EOverdue, opens, false, false, opens.Add(5 * time.Hour), false},
		"could not run":           {DeploySucceeded, E2ECouldNotRun, opens, false, false, opens.Add(5 * time.Hour), false},
		"void":                    {DeploySucceeded, E2EVoid, opens, false, false, opens.Add(5 * time.Hour), false},
		"still running":           {DeploySucceeded, E2ERunning, opens, false, false, opens.Add(5 * time.Hour), false},
		"never ran":               {DeploySucceeded, "", opens, false, false, opens.Add(5 * time.Hour), false},
		"staging smoke red":       {DeploySmokeRed, E2EGreen, opens, false, false, opens.Add(5 * time.Hour), false},
	} {
		g := DecideGate(gateState(tt.staging, tt.e2e), tt.now)
		assert.Equal(t, tt.open, g.Open, name)
		assert.Equal(t, tt.closed, g.Closed, name)
		assert.Equal(t, tt.wake, g.Wake, name)
		assert.Equal(t, tt.reminds, g.Reminds, name)
		green := tt.staging == DeploySucceeded && tt.e2e == E2EGreen
		assert.Equal(t, green, len(g.Blocked) == 0, name)
	}
}

func TestTheEndOfAnE2EPipelineIsJudged(t *testing.T) {
	red := E2EFound{Report: E2EReport{Tests: 4, Failed: 1}}
	for name, tt := range map[string]struct {
		ended EndedJob
		found E2EFound
		state E2EState
		why   string
	}{
		"green":                    {EndedJob{Status: "success"}, E2EFound{}, E2EGreen, ""},
		"red":                      {EndedJob{Status: "failed"}, red, E2ERed, "1 test of 4 failed"},
		"failed, all tests passed": {EndedJob{Status: "failed"}, E2EFound{Report: E2EReport{Tests: 4}}, E2ERed, "no test failed, but the pipeline did"},
		"failed before any test":   {EndedJob{Status: "failed"}, E2EFound{}, E2ECouldNotRun, "its pipeline ended failed and reported no tests"},
		"cancelled":                {EndedJob{Status: "canceled"}, red, E2ECouldNotRun, "its pipeline ended canceled and reported no tests"},
		"green on another version": {EndedJob{Status: "success"}, E2EFound{Void: "staging runs v0"}, E2EVoid, "staging runs v0"},
		"never ended":              {EndedJob{Status: "running", TimedOut: true}, E2EFound{}, E2EOverdue, "it had not ended when the window closed"},
		"success that is too late": {EndedJob{Status: "success", TimedOut: true}, E2EFound{}, E2EOverdue, "it had not ended when the window closed"},
	} {
		state, cause := JudgeE2E(tt.ended, tt.found)
		assert.Equal(t, tt.state, state, name)
		assert.Equal(t, tt.why, E2ECauseSentence(cause), name)
	}
}

func TestEachStepObeysTheHoldsOfTheProduct(t *testing.T) {
	all := []Hold{{Kind: HoldPause}, {Kind: HoldFreeze}, {Kind: HoldHotfix}, {Kind: HoldEnvironmentBusy}, {Kind: HoldDrift}, {Kind: HoldRolledBack}, {Kind: HoldLate}}
	for step, want := range map[Step][]HoldKind{
		StepTag:              {HoldPause, HoldFreeze, HoldHotfix, HoldLate},
		StepDeployStaging:    {HoldPause, HoldFreeze, HoldHotfix, HoldEnvironmentBusy},
		StepE2E:              {HoldPause, HoldFreeze, HoldHotfix},
		StepDeployProduction: {HoldPause, HoldFreeze, HoldHotfix, HoldEnvironmentBusy, HoldDrift, HoldRolledBack},
		StepChangelog:        nil,
		StepMessage:          nil,
	} {
		var got []HoldKind
		for _, h := range BlockingOf(step, all) {
			got = append(got, h.Kind)
		}
		assert.Equal(t, want, got, step)
	}
}
