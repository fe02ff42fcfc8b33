package train

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// What follows a deploy that did not succeed.

// Reattempt is when a deploy is tried again by itself; false: a person decides.
// Only what failed for a reason that has nothing to do with the version is, and
// production only while its window stays open.
func (s *State) Reattempt(env EnvironmentName) (at time.Time, ok bool) {
	d := s.DeployOf(env)
	if d == nil || d.Outcome != DeployFailed || d.Kind != FailureTransient || d.Rollback != nil {
		return time.Time{}, false
	}
	tried := d.ByItself + 1
	if tried >= s.Train.Retry.Attempts || s.Bad[s.Candidate.Tag] != "" {
		return time.Time{}, false
	}
	at = d.EndedAt.Add(s.Train.Retry.Wait.D() << min(d.ByItself, 16))
	if env == Production && !s.windowOpen(at) && !s.promoted(at) {
		return time.Time{}, false
	}
	return at, true
}

// Allowed says whether a person has allowed another attempt since the last one ended.
func (s *State) Allowed(env EnvironmentName) bool {
	d := s.DeployOf(env)
	if s.Orders.Retry == env {
		return true
	}
	return env == Production && s.Promotion != nil && d != nil && s.Promotion.Tag == s.Candidate.Tag && s.Promotion.At.After(d.EndedAt)
}

// Earlier is what the next attempt at an environment knows of those before.
func (s *State) Earlier(env EnvironmentName) Earlier {
	d := s.DeployOf(env)
	if d == nil || d.Tag != s.Candidate.Tag {
		return Earlier{}
	}
	e := Earlier{Run: d.Run, Before: d.Before}
	if d.Outcome == DeployRolledBack { // what it ran before runs again
		e.Before = Version{}
	}
	return e
}

// BadTags are the tags that were marked bad, in a fixed order.
func (s *State) BadTags() []string {
	return slices.Sorted(maps.Keys(s.Bad))
}

// Conclude takes the end of a deploy into the state.
func (s *State) Conclude(d Deploy, now time.Time) {
	s.SetDeploy(d)
	s.Met(d.Held, now)
	if d.Environment == Production {
		if s.Approval != nil && d.Outcome != DeployHeld {
			s.Approval.Used = true
		}
		if d.Rollback.Back() {
			s.rolledBack(d, now)
		}
		return
	}
	if d.Rollback.Back() { // what E2E found, it found on something else
		s.Approval = nil
	}
}

// rolledBack holds the candidate, and takes what runs now as what is expected.
func (s *State) rolledBack(d Deploy, now time.Time) {
	s.Expected, s.Running, s.Accepted = d.Rollback.To, d.Rollback.To, Version{}
	why := d.Cause
	if d.Rollback.Reason != "" {
		why = d.Rollback.Reason
	}
	s.Holds = setHold(s.Holds, Hold{
		Kind: HoldRolledBack, Since: now, By: d.Rollback.By, Link: d.LogURL(),
		Reason: fmt.Sprintf("%s was rolled back to %s: %s", d.Tag, d.Rollback.To, why),
	})
}

// WasRolledBack says whether production runs what it ran before the candidate again.
func (s *State) WasRolledBack() bool {
	return s.Production != nil && s.Production.Outcome == DeployRolledBack
}

// rollbackTarget is where a rollback of an environment goes when nobody names a
// tag: what ran when its deploy began.
func (s *State) rollbackTarget(env EnvironmentName, tag string) (to Version, refusal string) {
	d := s.DeployOf(env)
	switch {
	case tag != "" && tag == d.Before.Tag:
		to = d.Before
	case tag != "":
		to = Version{Tag: tag}
	default:
		to = d.Before
	}
	switch {
	case to.IsZero():
		return to, fmt.Sprintf("it is not known what %s ran before %s: name it in the field \"tag\"", env, d.Tag)
	case to.Tag == "":
		return to, fmt.Sprintf("%s ran %s before, which has no tag: name one in the field \"tag\"", env, to)
	case s.Bad[to.Tag] != "":
		return to, fmt.Sprintf("%s was marked bad and is no target: name another one in the field \"tag\"", to.Tag)
	case to.Tag == d.Tag:
		return to, fmt.Sprintf("the field \"tag\" is %s, which is what was deployed: name an older one", Clip(tag, longestField))
	}
	if _, err := ParseTag(s.Train.TagPrefix, to.Tag); err != nil && tag != "" {
		return to, "the field \"tag\": " + err.Error()
	}
	return to, ""
}

func checkRollback(s *State, c Command, _ time.Time) string {
	d := s.DeployOf(c.Environment)
	switch {
	case d == nil || d.Outcome == DeployHeld || d.JobID == 0 && !d.Present && d.Outcome != "":
		return fmt.Sprintf("this release has not deployed to %s: there is nothing to roll back; without a release: starter rollback --environment %s --tag <tag>", c.Environment, c.Environment)
	case d.Running():
		return first(s.noChange(), fmt.Sprintf("%s is being deployed to %s: send it again when that has ended", d.Tag, c.Environment))
	case s.Production.Running():
		return s.noChange()
	case d.Outcome == DeployRolledBack && (c.Tag == "" || c.Tag == d.Rollback.To.Tag):
		return fmt.Sprintf("%s was rolled back to %s already", c.Environment, d.Rollback.To)
	case s.Ending != nil:
		return fmt.Sprintf("the release is ending: %s; after its end: starter rollback --environment %s --tag <tag>", s.Ending.Why, c.Environment)
	case s.Orders.Rollback != nil || s.Phase == RollingBack:
		return "a rollback is under way"
	}
	_, refusal := s.rollbackTarget(c.Environment, c.Tag)
	return refusal
}

func applyRollback(s *State, c Command, _ time.Time) string {
	to, _ := s.rollbackTarget(c.Environment, c.Tag)
	d := s.DeployOf(c.Environment)
	s.Orders.Rollback = &RollbackOrder{Environment: c.Environment, To: to, By: c.By, Reason: c.Reason}
	s.Orders.Retry = ""
	then := "E2E of it is void."
	if c.Environment == Production {
		then = fmt.Sprintf("%s is held as rolled-back then.", d.Tag)
	}
	return fmt.Sprintf("%s goes back from %s to %s. %s %s", c.Environment, d.Tag, to, then, s.heldWords(StepRollback))
}
