package train

import (
	"slices"
	"time"
)

func approveCommand() Definition {
	return Definition{
		Name: ApproveDespiteE2E, NeedsReason: true, Fields: []string{"tag"}, Required: []string{"tag"}, Precedence: ActsInOrder,
		Example: Command{Tag: "api/v2026.11.24.1", Reason: "known flake, booking pod looked at it"},
		permits: approverIsPermitted, check: checkApprove,
		apply: func(s *State, c Command, now time.Time) Effect {
			s.Approval = &Approval{Tag: c.Tag, Run: s.E2E.Run, State: s.E2E.State, By: c.By, Reason: c.Reason, At: now}
			return Effect{}
		},
	}
}

// approverIsPermitted keeps the policy's rule on who may approve.
func approverIsPermitted(p Policy, s *State, c Command) *Refusal {
	switch p.Approver {
	case ApproverNotCutter:
		if sameName(c.By, s.Candidate.By) {
			return &Refusal{Code: RefusedApproverIsCutter, By: c.By, Tag: s.Candidate.Tag}
		}
	case ApproverNotAuthor:
		if slices.ContainsFunc(s.Changelog.Contributors, func(n string) bool { return sameName(n, c.By) }) {
			return &Refusal{Code: RefusedApproverIsAuthor, By: c.By, Tag: s.Candidate.Tag}
		}
		if s.Changelog.ManyContributors {
			return &Refusal{Code: RefusedTooManyAuthors, By: c.By, Tag: s.Candidate.Tag}
		}
	case ApproverAnyone, "":
	}
	return nil
}

func checkApprove(s *State, c Command, _ time.Time) *Refusal {
	if r := first(needsCandidate(s), notInProduction(s), notDeploying(s)); r != nil {
		return r
	}
	switch {
	case c.Tag != s.Candidate.Tag:
		return &Refusal{Code: RefusedNotTheCandidate, Field: "tag", Value: Clip(c.Tag, LongestField), Tag: s.Candidate.Tag}
	case s.Bad[c.Tag] != "":
		return &Refusal{Code: RefusedCandidateMarkedBad, Tag: c.Tag}
	case !s.Staging.Succeeded():
		return &Refusal{Code: RefusedNotOnStaging, Tag: c.Tag}
	case s.E2E == nil:
		return &Refusal{Code: RefusedE2ENotRun}
	case s.E2E.State == E2EGreen:
		return &Refusal{Code: RefusedE2EGreen}
	case !approvable(s.E2E):
		return &Refusal{Code: RefusedE2ENotApprovable, E2E: s.E2E.State}
	case approved(s):
		return &Refusal{Code: RefusedAlreadyApproved, Tag: c.Tag, By: s.Approval.By}
	}
	return nil
}

func revokeCommand() Definition {
	return Definition{
		Name: RevokeApproval, NeedsReason: true, Precedence: ActsRevoke, Example: Command{Reason: "it is a real bug"},
		check: func(s *State, _ Command, _ time.Time) *Refusal {
			switch {
			case s.Approval == nil:
				return &Refusal{Code: RefusedNoApproval}
			case s.Approval.Used:
				return &Refusal{Code: RefusedApprovalUsed, Tag: s.Approval.Tag}
			}
			return nil
		},
		apply: func(s *State, _ Command, _ time.Time) Effect {
			tag := s.Approval.Tag
			s.Approval = nil
			return Effect{Tag: tag}
		},
	}
}
