package rules

import (
	"maps"
	"slices"
	"time"

	"github.com/release-train/release-train/internal/train"
)

// Reattempt is when a deploy is tried again by itself; false: a person decides.
// Only what failed for a reason that has nothing to do with the version is, and
// production only while its window stays open.
func Reattempt(s *train.State, env train.EnvironmentName) (at time.Time, ok bool) {
	d := s.DeployOf(env)
	if d == nil || d.Outcome != train.DeployFailed || d.Kind != train.FailureTransient || d.Rollback != nil {
		return time.Time{}, false
	}
	tried := d.ByItself + 1
	if tried >= s.Train.Retry.Attempts || s.Bad[s.Candidate.Tag] != "" {
		return time.Time{}, false
	}
	at = d.EndedAt.Add(s.Train.Retry.Wait.D() << min(d.ByItself, 16))
	if env == train.Production && !WindowOpen(s, at) && !Promoted(s, at) {
		return time.Time{}, false
	}
	return at, true
}

// RetryAllowed says whether a person has allowed another attempt since the last one ended.
func RetryAllowed(s *train.State, env train.EnvironmentName) bool {
	d := s.DeployOf(env)
	if s.Orders.Retry == env {
		return true
	}
	return env == train.Production && s.Promotion != nil && d != nil && s.Promotion.Tag == s.Candidate.Tag &&
		s.Promotion.At.After(d.EndedAt)
}

// EarlierAttempt is what the next attempt at an environment knows of those before.
func EarlierAttempt(s *train.State, env train.EnvironmentName) train.EarlierAttempt {
	d := s.DeployOf(env)
	if d == nil || d.Tag != s.Candidate.Tag {
		return train.EarlierAttempt{}
	}
	e := train.EarlierAttempt{Run: d.Run, Before: d.Before}
	if d.Outcome == train.DeployRolledBack { // what it ran before runs again
		e.Before = train.Version{}
	} else if env == train.Production && !s.Accepted.IsZero() { // somebody deployed it past us since
		e.Before = s.Accepted
	}
	return e
}

// BadTags are the tags that were marked bad, in a fixed order.
func BadTags(s *train.State) []string {
	return slices.Sorted(maps.Keys(s.Bad))
}

// RecordDeploy takes the end of a deploy into the state; rolledBackReason says of
// one that was rolled back why it is held, for people.
func RecordDeploy(s *train.State, d train.Deploy, now time.Time, rolledBackReason string) {
	s.SetDeploy(d)
	AddHolds(s, d.Held, now)
	if d.Environment == train.Production {
		if s.Approval != nil && d.Outcome != train.DeployHeld {
			s.Approval.Used = true
		}
		if d.Rollback.Restored() {
			holdRolledBack(s, d, now, rolledBackReason)
		}
		return
	}
	if d.Rollback.Restored() { // what E2E found, it found on something else
		s.Approval = nil
	}
}

// holdRolledBack holds the candidate, and takes what runs now as what is expected.
func holdRolledBack(s *train.State, d train.Deploy, now time.Time, reason string) {
	s.Expected, s.Running, s.Accepted = d.Rollback.To, d.Rollback.To, train.Version{}
	s.Holds = train.SetHold(s.Holds, train.Hold{Kind: train.HoldRolledBack, Since: now, By: d.Rollback.By,
		Link: d.LogURL(), Reason: reason})
}

// WasRolledBack says whether production runs what it ran before the candidate again.
func WasRolledBack(s *train.State) bool {
	return s.Production != nil && s.Production.Outcome == train.DeployRolledBack
}
