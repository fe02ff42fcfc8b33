package train

import "time"

func rerunE2ECommand() Definition {
	return Definition{
		Name: RerunE2E, Precedence: ActsInOrder, check: checkRerun,
		apply: func(s *State, _ Command, _ time.Time) Effect {
			s.Orders.Rerun = true
			voids := s.Approval != nil
			s.Approval = nil
			return Effect{ApprovalVoid: voids}
		},
	}
}

func checkRerun(s *State, _ Command, _ time.Time) *Refusal {
	if r := first(needsCandidate(s), notInProduction(s), notDeploying(s)); r != nil {
		return r
	}
	switch {
	case !s.Staging.Succeeded():
		return &Refusal{Code: RefusedNotOnStaging, Tag: s.Candidate.Tag}
	case s.E2E == nil:
		return &Refusal{Code: RefusedE2EStartsByItself}
	case s.Orders.Rerun:
		return &Refusal{Code: RefusedRerunUnderWay}
	}
	return nil
}
