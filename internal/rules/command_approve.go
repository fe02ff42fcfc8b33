package rules

import (
	"slices"
	"time"

	"github.com/release-train/release-train/internal/train"
)

func approveCommand() Definition {
	return Definition{
		Name: train.ApproveDespiteE2E, NeedsReason: true, Fields: []string{"tag"},
		Required: []string{"tag"}, Precedence: actsInOrder,
		Example: train.Command{Tag: "api/v2026.11.24.1", Reason: "known flake, booking pod looked at it"},
		permits: approverIsPermitted, check: checkApprove,
		apply: func(s *train.State, c train.Command, now time.Time) Effect {
			s.Approval = &train.Approval{Tag: c.Tag, Run: s.E2E.Run, State: s.E2E.State, By: c.By, Reason: c.Reason, At: now}
			return Effect{}
		},
	}
}

// approverIsPermitted keeps the policy's rule on who may approve.
func approverIsPermitted(p train.Policy, s *train.State, c train.Command) *train.Refusal {
	switch p.Approver {
	case train.ApproverNotCutter:
		if train.SameName(c.By, s.Candidate.By) {
			return &train.Refusal{Code: train.RefusedApproverIsCutter, By: c.By, Tag: s.Candidate.Tag}
		}
	case train.ApproverNotAuthor:
		if slices.ContainsFunc(s.Changelog.Contributors, func(n string) bool { return train.SameName(n, c.By) }) {
			return &train.Refusal{Code: train.RefusedApproverIsAuthor, By: c.By, Tag: s.Candidate.Tag}
		}
		if s.Changelog.ManyContributors {
			return &train.Refusal{Code: train.RefusedTooManyAuthors, By: c.By, Tag: s.Candidate.Tag}
		}
	case train.ApproverAnyone, "":
	}
	return nil
}

func checkApprove(s *train.State, c train.Command, _ time.Time) *train.Refusal {
	if r := firstRefusal(needsCandidate(s), notInProduction(s), notDeploying(s)); r != nil {
		return r
	}
	switch {
	case c.Tag != s.Candidate.Tag:
		return &train.Refusal{Code: train.RefusedNotTheCandidate, Field: "tag",
			Value: train.Clip(c.Tag, train.LongestField), Tag: s.Candidate.Tag}
	case s.Bad[c.Tag] != "":
		return &train.Refusal{Code: train.RefusedCandidateMarkedBad, Tag: c.Tag}
	case !s.Staging.Succeeded():
		return &train.Refusal{Code: train.RefusedNotOnStaging, Tag: c.Tag}
	case s.E2E == nil:
		return &train.Refusal{Code: train.RefusedE2ENotRun}
	case s.E2E.State == train.E2EGreen:
		return &train.Refusal{Code: train.RefusedE2EGreen}
	case !approvable(s.E2E):
		return &train.Refusal{Code: train.RefusedE2ENotApprovable, E2E: s.E2E.State}
	case approved(s):
		return &train.Refusal{Code: train.RefusedAlreadyApproved, Tag: c.Tag, By: s.Approval.By}
	}
	return nil
}

func revokeCommand() Definition {
	return Definition{
		Name: train.RevokeApproval, NeedsReason: true, Precedence: actsRevoke,
		Example: train.Command{Reason: "it is a real bug"},
		check: func(s *train.State, _ train.Command, _ time.Time) *train.Refusal {
			switch {
			case s.Approval == nil:
				return &train.Refusal{Code: train.RefusedNoApproval}
			case s.Approval.Used:
				return &train.Refusal{Code: train.RefusedApprovalUsed, Tag: s.Approval.Tag}
			}
			return nil
		},
		apply: func(s *train.State, _ train.Command, _ time.Time) Effect {
			tag := s.Approval.Tag
			s.Approval = nil
			return Effect{Tag: tag}
		},
	}
}
