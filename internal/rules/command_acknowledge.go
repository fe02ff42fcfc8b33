package rules

import (
	"time"

	"github.com/release-train/release-train/internal/train"
)

func acknowledgeCommand() Definition {
	return Definition{
		Name: train.Acknowledge, NeedsReason: true, Fields: []string{"hold"},
		Required: []string{"hold"}, Precedence: actsInOrder,
		Example: train.Command{Hold: train.HoldDrift, Reason: "the hotfix is in main too"},
		check:   checkAcknowledge, apply: applyAcknowledge,
	}
}

func checkAcknowledge(s *train.State, c train.Command, _ time.Time) *train.Refusal {
	switch {
	case train.FindHold(s.Standing(), c.Hold) == nil:
		return &train.Refusal{Code: train.RefusedHoldNotStanding, Hold: c.Hold, Holds: train.Kinds(s.Standing())}
	case c.Hold == train.HoldDrift && s.TagMoved:
		return &train.Refusal{Code: train.RefusedTagMoved}
	case c.Hold != train.HoldDrift && c.Hold != train.HoldLate:
		return &train.Refusal{Code: train.RefusedHoldEndsOtherwise, Hold: c.Hold}
	}
	return notDeploying(s)
}

func applyAcknowledge(s *train.State, c train.Command, _ time.Time) Effect {
	s.Lift(c.Hold)
	if c.Hold == train.HoldLate {
		s.LateAccepted = true
		return Effect{}
	}
	s.Deployed = train.RunningVersion{Version: s.Running}
	s.Expected, s.Accepted = s.Running, s.Running
	return Effect{Accepted: s.Running}
}
