package rules

import (
	"time"

	"github.com/release-train/release-train/internal/train"
)

func retryDeployCommand() Definition {
	return Definition{
		Name: train.RetryDeploy, Fields: []string{"environment"}, Required: []string{"environment"}, Precedence: actsInOrder,
		Example: train.Command{Environment: train.Staging},
		check:   checkRetry,
		apply: func(s *train.State, c train.Command, _ time.Time) Effect {
			s.Orders.Retry = c.Environment
			if c.Environment == train.Production {
				s.Lift(train.HoldRolledBack)
			}
			return Effect{}
		},
	}
}

func checkRetry(s *train.State, c train.Command, now time.Time) *train.Refusal {
	if r := firstRefusal(needsCandidate(s), notDeploying(s)); r != nil {
		return r
	}
	d := s.DeployOf(c.Environment)
	switch {
	case d == nil:
		return &train.Refusal{Code: train.RefusedNotDeployed, Tag: s.Candidate.Tag, Environment: c.Environment}
	case d.Running():
		return &train.Refusal{Code: train.RefusedDeployRunning, Environment: c.Environment}
	case d.Succeeded():
		return &train.Refusal{Code: train.RefusedAlreadyDeployed, Tag: d.Tag, Environment: c.Environment}
	case s.Orders.Retry != "":
		return &train.Refusal{Code: train.RefusedRetryUnderWay, Environment: s.Orders.Retry}
	case s.Bad[s.Candidate.Tag] != "":
		return &train.Refusal{Code: train.RefusedCandidateMarkedBad, Tag: s.Candidate.Tag}
	case c.Environment == train.Production && !WindowOpen(s, now) && !Promoted(s, now):
		return &train.Refusal{Code: train.RefusedWindowNotOpen, At: s.Plan.WindowOpens, Until: s.Plan.WindowCloses}
	case c.Environment == train.Production && train.FindHold(s.Holds, train.HoldRolledBack) != nil && c.Reason == "":
		return &train.Refusal{Code: train.RefusedReasonNeeded, Field: "reason"}
	}
	return nil
}
