package rules

import (
	"slices"

	"github.com/release-train/release-train/internal/train"
)

// Obeyed lists the holds that keep a step from being taken. For the play inside a
// DeployWorkflow its release has waited; what must still hold is checked again
// by the activity that plays. Messages, the changelog, freezes and cancelling a
// pipeline obey none; a rollback only that another deploy runs.
func Obeyed(step train.Step) []train.HoldKind {
	stops := []train.HoldKind{train.HoldPause, train.HoldFreeze, train.HoldHotfix}
	switch step {
	case train.StepTag:
		return append(stops, train.HoldLate)
	case train.StepDeployStaging:
		return append(stops, train.HoldEnvironmentBusy)
	case train.StepDeployProduction:
		return append(stops, train.HoldEnvironmentBusy, train.HoldDrift, train.HoldRolledBack)
	case train.StepE2E:
		return stops
	case train.StepRollback:
		return []train.HoldKind{train.HoldEnvironmentBusy}
	default:
		return nil
	}
}

// blockingOf lists the holds, of those that stand, that the step obeys.
func blockingOf(step train.Step, holds []train.Hold) []train.Hold {
	var out []train.Hold
	for _, h := range holds {
		if slices.Contains(Obeyed(step), h.Kind) {
			out = append(out, h)
		}
	}
	return out
}

// Blocking are the holds that keep a step from being taken. A tag that was moved
// keeps its candidate from everywhere, other drift from production only.
func Blocking(s *train.State, step train.Step) []train.Hold {
	blocking := blockingOf(step, s.Standing())
	if h := s.Hold(train.HoldDrift); h != nil && s.TagMoved && (step == train.StepDeployStaging || step == train.StepE2E) {
		blocking = append(blocking, *h)
	}
	return blocking
}

// NextStep is the guarded step that comes next.
func NextStep(s *train.State) train.Step {
	switch s.Phase {
	case train.Departing, train.Cutting:
		return train.StepTag
	case train.OnStaging:
		return train.StepDeployStaging
	case train.Testing:
		if s.E2E != nil && s.E2E.State == train.E2ERunning {
			return train.StepDeployProduction
		}
		return train.StepE2E
	case train.AtGate, train.Producing, train.RollingBack, train.Watching, train.Ended:
	}
	return train.StepDeployProduction
}
