package train

import "time"

// approvable says whether a person may approve despite the run.
func approvable(e *E2E) bool {
	return e.State == E2ERed || e.State == E2EOverdue || e.State == E2ECouldNotRun
}

// approved says whether an approval stands for the run as it is now.
func approved(s *State) bool {
	a := s.Approval
	return a != nil && s.E2E != nil && a.Tag == s.Candidate.Tag && a.Run == s.E2E.Run && a.State == s.E2E.State
}

// WindowOpen says whether production may be deployed by itself now.
func WindowOpen(s *State, now time.Time) bool {
	return !now.Before(s.Plan.WindowOpens) && now.Before(s.Plan.WindowCloses)
}

// Promoted says whether a person has the window skipped now.
func Promoted(s *State, now time.Time) bool {
	p := s.Promotion
	return p != nil && p.Tag == s.Candidate.Tag && now.Before(p.Until)
}

// TakeCandidate takes a candidate over: evidence of another one is gone.
func TakeCandidate(s *State, c Candidate) {
	if s.Candidate.Tag != "" && s.Candidate.Tag != c.Tag {
		s.Former = append(s.Former, s.Candidate.Tag)
	}
	s.Candidate = c
	s.Staging, s.E2E, s.Production, s.Approval, s.Promotion = nil, nil, nil, nil, nil
	s.Changelog, s.Orders = ChangelogDigest{}, Orders{}
	s.Lift(HoldDrift)
	s.Lift(HoldRolledBack)
	s.TagMoved, s.Accepted = false, Version{}
	s.HandMade = nil
}

// E2EDeadline is when a run that starts now is overdue: the day's deadline,
// and the end of the window for one that starts after it. Zero: never.
func E2EDeadline(s *State, started time.Time) time.Time {
	for _, at := range []time.Time{s.Plan.E2EDeadline, s.Plan.WindowCloses} {
		if started.Before(at) {
			return at
		}
	}
	return time.Time{}
}

// Summarize is the result of the release at its end.
func Summarize(s *State) Summary {
	sum := Summary{
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
		sum.E2E, sum.TestedAt, sum.E2EURL, sum.CypressAt = s.E2E.State, s.E2E.EndedAt, s.E2E.PipelineURL, s.E2E.Report.CypressURL
	}
	return sum
}

// InProduction says whether the candidate is deployed to production and tested there.
func InProduction(s *State) bool { return s.Production.Succeeded() }

// needsCandidate refuses what needs a candidate.
func needsCandidate(s *State) *Refusal {
	if s.Candidate.Tag == "" || s.Phase == Cutting || s.Phase == Departing {
		return &Refusal{Code: RefusedNoCandidate, Phase: s.Phase}
	}
	return nil
}

// notDeploying refuses what would change the candidate or deploy while a deploy
// to production runs: from its play until its smoke tests end.
func notDeploying(s *State) *Refusal {
	if !s.Production.Running() {
		return nil
	}
	return &Refusal{Code: RefusedProductionDeploying, At: s.Production.StartedAt.Add(s.Train.Production.Limits.Total())}
}

// notInProduction refuses what comes too late for a candidate that is released.
func notInProduction(s *State) *Refusal {
	if InProduction(s) {
		return &Refusal{Code: RefusedInProduction, Tag: s.Candidate.Tag}
	}
	return nil
}
