package rules

import (
	"time"

	"github.com/release-train/release-train/internal/train"
)

func rerunE2ECommand() Definition {
	return Definition{
		Name: train.RerunE2E, Precedence: actsInOrder, check: checkRerun,
		apply: func(s *train.State, _ train.Command, _ time.Time) Effect {
			s.Orders.Rerun = true
			voids := s.Approval != nil
			s.Approval = nil
			return Effect{ApprovalVoid: voids}
		},
	}
}

func checkRerun(s *train.State, _ train.Command, _ time.Time) *train.Refusal {
	if r := firstRefusal(needsCandidate(s), notInProduction(s), notDeploying(s)); r != nil {
		return r
	}
	switch {
	case !s.Staging.Succeeded():
		return &train.Refusal{Code: train.RefusedNotOnStaging, Tag: s.Candidate.Tag}
	case s.E2E == nil:
		return &train.Refusal{Code: train.RefusedE2EStartsByItself}
	case s.Orders.Rerun:
		return &train.Refusal{Code: train.RefusedRerunUnderWay}
	}
	return nil
}
