package rules

import (
	"time"

	"github.com/release-train/release-train/internal/train"
)

// approvable says whether a person may approve despite the run.
func approvable(e *train.E2E) bool {
	return e.State == train.E2ERed || e.State == train.E2EOverdue || e.State == train.E2ECouldNotRun
}

// approved says whether an approval stands for the run as it is now.
func approved(s *train.State) bool {
	a := s.Approval
	return a != nil && s.E2E != nil && a.Tag == s.Candidate.Tag && a.Run == s.E2E.Run && a.State == s.E2E.State
}

// WindowOpen says whether production may be deployed by itself now.
func WindowOpen(s *train.State, now time.Time) bool {
	return !now.Before(s.Plan.WindowOpens) && now.Before(s.Plan.WindowCloses)
}

// Promoted says whether a person has the window skipped now.
func Promoted(s *train.State, now time.Time) bool {
	p := s.Promotion
	return p != nil && p.Tag == s.Candidate.Tag && now.Before(p.Until)
}

// TakeCandidate takes a candidate over: evidence of another one is gone.
func TakeCandidate(s *train.State, c train.Candidate) {
	if s.Candidate.Tag != "" && s.Candidate.Tag != c.Tag {
		s.Former = append(s.Former, s.Candidate.Tag)
	}
	s.Candidate = c
	s.Staging, s.E2E, s.Production, s.Approval, s.Promotion = nil, nil, nil, nil, nil
	s.Changelog, s.Orders = train.ChangelogDigest{}, train.Orders{}
	s.Lift(train.HoldDrift)
	s.Lift(train.HoldRolledBack)
	s.TagMoved, s.Accepted, s.Removed = false, train.Version{}, train.Difference{}
	s.HandMade = nil
}

// E2EDeadline is when a run that starts now is overdue: the day's deadline,
// and the end of the window for one that starts after it. Zero: never.
func E2EDeadline(s *train.State, started time.Time) time.Time {
	for _, at := range []time.Time{s.Plan.E2EDeadline, s.Plan.WindowCloses} {
		if started.Before(at) {
			return at
		}
	}
	return time.Time{}
}

// Summarize is the result of the release at its end.
func Summarize(s *train.State) train.Summary {
	sum := train.Summary{
		Train: s.Train.Name, Day: s.Plan.Day, End: s.End, Why: s.EndWhy,
		Tag: s.Candidate.Tag, SHA: s.Candidate.SHA, From: s.Deployed.Version.String(),
		DepartAt: s.DepartedAt, CutAt: s.Candidate.CutAt, Released: s.ReleasedAt, EndedAt: s.EndedAt,
		Commits: s.Changelog.Commits, Requests: s.Changelog.Requests,
		FirstAt: s.Changelog.FirstCommitAt, MedianAt: s.Changelog.MedianCommitAt,
		Changelog: s.Changelog.URL, Compare: s.Changelog.CompareURL,
		Former: s.Former, Record: s.Record, Approval: s.Approval,
	}
	if s.Staging.Succeeded() {
		sum.StagedAt, sum.StagingAt = s.Staging.EndedAt, s.Staging.JobURL
	}
	if s.Production.Succeeded() {
		sum.ProdAt = s.Production.JobURL
	}
	if s.E2E != nil {
		sum.E2E, sum.TestedAt = s.E2E.State, s.E2E.EndedAt
		sum.E2EURL, sum.CypressAt = s.E2E.PipelineURL, s.E2E.Report.CypressURL
	}
	return sum
}

// InProduction says whether the candidate is deployed to production and tested there.
func InProduction(s *train.State) bool { return s.Production.Succeeded() }

// needsCandidate refuses what needs a candidate.
func needsCandidate(s *train.State) *train.Refusal {
	if s.Candidate.Tag == "" || s.Orders.Cut != nil {
		return &train.Refusal{Code: train.RefusedNoCandidate, Phase: s.Phase}
	}
	return nil
}

// notDeploying refuses what would change the candidate or deploy while a deploy
// to production runs: from its play until its smoke tests end.
func notDeploying(s *train.State) *train.Refusal {
	if !s.Production.Running() {
		return nil
	}
	return &train.Refusal{Code: train.RefusedProductionDeploying,
		At: s.Production.StartedAt.Add(s.Train.Production.Limits.Total())}
}

// notInProduction refuses what comes too late for a candidate that is released.
func notInProduction(s *train.State) *train.Refusal {
	if InProduction(s) {
		return &train.Refusal{Code: train.RefusedInProduction, Tag: s.Candidate.Tag}
	}
	return nil
}
