package train

import "time"

func retryDeployCommand() Definition {
	return Definition{
		Name: RetryDeploy, Fields: []string{"environment"}, Required: []string{"environment"}, Precedence: ActsInOrder,
		Example: Command{Environment: Staging},
		check:   checkRetry,
		apply: func(s *State, c Command, _ time.Time) Effect {
			s.Orders.Retry = c.Environment
			if c.Environment == Production {
				s.Lift(HoldRolledBack)
			}
			return Effect{}
		},
	}
}

func checkRetry(s *State, c Command, now time.Time) *Refusal {
	if r := first(needsCandidate(s), notDeploying(s)); r != nil {
		return r
	}
	d := s.DeployOf(c.Environment)
	switch {
	case d == nil:
		return &Refusal{Code: RefusedNotDeployed, Tag: s.Candidate.Tag, Environment: c.Environment}
	case d.Running():
		return &Refusal{Code: RefusedDeployRunning, Environment: c.Environment}
	case d.Succeeded():
		return &Refusal{Code: RefusedAlreadyDeployed, Tag: d.Tag, Environment: c.Environment}
	case s.Orders.Retry != "":
		return &Refusal{Code: RefusedRetryUnderWay, Environment: s.Orders.Retry}
	case s.Bad[s.Candidate.Tag] != "":
		return &Refusal{Code: RefusedCandidateMarkedBad, Tag: s.Candidate.Tag}
	case c.Environment == Production && !WindowOpen(s, now) && !Promoted(s, now):
		return &Refusal{Code: RefusedWindowNotOpen, At: s.Plan.WindowOpens, Until: s.Plan.WindowCloses}
	case c.Environment == Production && FindHold(s.Holds, HoldRolledBack) != nil && c.Reason == "":
		return &Refusal{Code: RefusedReasonNeeded, Field: "reason"}
	}
	return nil
}
