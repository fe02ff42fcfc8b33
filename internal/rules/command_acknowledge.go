package rules

import (
	"time"

	"github.com/release-train/release-train/internal/train"
)

func acknowledgeCommand() Definition {
	return Definition{
		Name: train.Acknowledge, NeedsReason: true, Fields: []string{"hold", "removes"},
		Required: []string{"hold"}, Precedence: actsInOrder,
		Example: train.Command{Hold: train.HoldDrift, Removes: 2, Reason: "they are to go, agreed with grace"},
		check:   checkAcknowledge, apply: applyAcknowledge,
	}
}

func checkAcknowledge(s *train.State, c train.Command, _ time.Time) *train.Refusal {
	switch {
	case train.FindHold(s.Standing(), c.Hold) == nil:
		return &train.Refusal{Code: train.RefusedHoldNotStanding, Hold: c.Hold, Holds: train.Kinds(s.Standing())}
	case c.Hold == train.HoldDrift && s.TagMoved:
		return &train.Refusal{Code: train.RefusedTagMoved}
	case c.Hold == train.HoldDrift && needsCandidate(s) != nil: // nothing to compare production with
		return needsCandidate(s)
	case c.Hold != train.HoldDrift && c.Hold != train.HoldLate:
		return &train.Refusal{Code: train.RefusedHoldEndsOtherwise, Hold: c.Hold}
	case c.Hold == train.HoldLate && c.Removes != 0:
		return &train.Refusal{Code: train.RefusedRemovesOtherNumber, Count: c.Removes, Hold: c.Hold}
	}
	return notDeploying(s)
}

// applyAcknowledge ends the hold late; of a drift AcceptDrift does it, once
// production has been read.
func applyAcknowledge(s *train.State, c train.Command, _ time.Time) Effect {
	if c.Hold == train.HoldLate {
		s.Lift(train.HoldLate)
		s.LateAccepted = true
	}
	return Effect{}
}

// CheckDrift says why what production was just read to run is not accepted; nil:
// it is. What the candidate takes out of production has to be named by its number.
func CheckDrift(s *train.State, c train.Command, read train.ReadDrift, compared train.Candidate) *train.Refusal {
	refusal := train.Refusal{Command: train.Acknowledge, Train: s.Train.Name, Day: s.Plan.Day, Tag: s.Candidate.Tag,
		Hold: c.Hold, Count: c.Removes, Lacks: read.Lacks, To: read.Running}
	switch {
	case compared.Tag != s.Candidate.Tag || compared.SHA != s.Candidate.SHA:
		refusal.Code = train.RefusedCandidateChanged
	case c.Removes == read.Lacks.Count:
		return nil
	case c.Removes == 0:
		refusal.Code = train.RefusedRemovesNotNamed
	default:
		refusal.Code = train.RefusedRemovesOtherNumber
	}
	return &refusal
}

// AcceptDrift takes what production was read to run as the truth. Where that is
// the candidate itself nothing drifts, and the changelog still begins at what ran before.
func AcceptDrift(s *train.State, read train.ReadDrift) Effect {
	s.Lift(train.HoldDrift)
	s.Running = read.Running
	if !read.Running.Is(s.Candidate) {
		s.Deployed = train.RunningVersion{Version: read.Running}
		s.Expected, s.Accepted, s.Removed = read.Running, read.Running, read.Lacks
	}
	return Effect{Accepted: read.Running}
}
