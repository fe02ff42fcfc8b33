package train

import "time"

func acknowledgeCommand() Definition {
	return Definition{
		Name: Acknowledge, NeedsReason: true, Fields: []string{"hold"}, Required: []string{"hold"}, Precedence: ActsInOrder,
		Example: Command{Hold: HoldDrift, Reason: "the hotfix is in main too"},
		check:   checkAcknowledge, apply: applyAcknowledge,
	}
}

func checkAcknowledge(s *State, c Command, _ time.Time) *Refusal {
	switch {
	case FindHold(s.Standing(), c.Hold) == nil:
		return &Refusal{Code: RefusedHoldNotStanding, Hold: c.Hold, Holds: Kinds(s.Standing())}
	case c.Hold == HoldDrift && s.TagMoved:
		return &Refusal{Code: RefusedTagMoved}
	case c.Hold != HoldDrift && c.Hold != HoldLate:
		return &Refusal{Code: RefusedHoldEndsOtherwise, Hold: c.Hold}
	}
	return notDeploying(s)
}

func applyAcknowledge(s *State, c Command, _ time.Time) Effect {
	s.Lift(c.Hold)
	if c.Hold == HoldLate {
		s.LateAccepted = true
		return Effect{}
	}
	s.Deployed = RunningVersion{Version: s.Running}
	s.Expected, s.Accepted = s.Running, s.Running
	return Effect{Accepted: s.Running}
}
