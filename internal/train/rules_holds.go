package train

import "slices"

// Obeyed lists the holds that keep a step from being taken. For the play inside a
// DeployWorkflow its release has waited; what must still hold is checked again
// by the activity that plays. Messages, the changelog, freezes and cancelling a
// pipeline obey none; a rollback only that another deploy runs.
func Obeyed(step Step) []HoldKind {
	stops := []HoldKind{HoldPause, HoldFreeze, HoldHotfix}
	switch step {
	case StepTag:
		return append(stops, HoldLate)
	case StepDeployStaging:
		return append(stops, HoldEnvironmentBusy)
	case StepDeployProduction:
		return append(stops, HoldEnvironmentBusy, HoldDrift, HoldRolledBack)
	case StepE2E:
		return stops
	case StepRollback:
		return []HoldKind{HoldEnvironmentBusy}
	default:
		return nil
	}
}

// BlockingOf lists the holds, of those that stand, that the step obeys.
func BlockingOf(step Step, holds []Hold) []Hold {
	var out []Hold
	for _, h := range holds {
		if slices.Contains(Obeyed(step), h.Kind) {
			out = append(out, h)
		}
	}
	return out
}

// Blocking are the holds that keep a step from being taken. A tag that was moved
// keeps its candidate from everywhere, other drift from production only.
func Blocking(s *State, step Step) []Hold {
	blocking := BlockingOf(step, s.Standing())
	if h := s.Hold(HoldDrift); h != nil && s.TagMoved && (step == StepDeployStaging || step == StepE2E) {
		blocking = append(blocking, *h)
	}
	return blocking
}

// NextStep is the guarded step that comes next.
func NextStep(s *State) Step {
	switch s.Phase {
	case Departing, Cutting:
		return StepTag
	case OnStaging:
		return StepDeployStaging
	case Testing:
		if s.E2E != nil && s.E2E.State == E2ERunning {
			return StepDeployProduction
		}
		return StepE2E
	case AtGate, Producing, RollingBack, Watching, Ended:
	}
	return StepDeployProduction
}
