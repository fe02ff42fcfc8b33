package train

import "time"

func rollbackCommand() Definition {
	return Definition{
		Name: Rollback, NeedsReason: true, Fields: []string{"environment", "tag"}, Required: []string{"environment"}, Precedence: ActsRollback,
		Example: Command{Environment: Production, Reason: "error rate doubled"},
		check:   checkRollback,
		apply: func(s *State, c Command, _ time.Time) Effect {
			to, _ := rollbackTarget(s, c.Environment, c.Tag)
			s.Orders.Rollback = &RollbackOrder{Environment: c.Environment, To: to, By: c.By, Reason: c.Reason}
			s.Orders.Retry = ""
			return Effect{Rollback: s.Orders.Rollback}
		},
	}
}

func checkRollback(s *State, c Command, _ time.Time) *Refusal {
	d := s.DeployOf(c.Environment)
	switch {
	case d == nil || d.Outcome == DeployHeld || d.JobID == 0 && !d.Present && d.Outcome != "":
		return &Refusal{Code: RefusedNothingToRollBack, Environment: c.Environment}
	case d.Running():
		return first(notDeploying(s), &Refusal{Code: RefusedDeployRunning, Tag: d.Tag, Environment: c.Environment})
	case s.Production.Running():
		return notDeploying(s)
	case d.Outcome == DeployRolledBack && (c.Tag == "" || c.Tag == d.Rollback.To.Tag):
		return &Refusal{Code: RefusedAlreadyRolledBack, Environment: c.Environment, To: d.Rollback.To}
	case s.Ending != nil:
		return &Refusal{Code: RefusedReleaseEndingRollback, Environment: c.Environment, Detail: s.Ending.Why}
	case s.Orders.Rollback != nil || s.Phase == RollingBack:
		return &Refusal{Code: RefusedRollbackUnderWay}
	}
	_, refusal := rollbackTarget(s, c.Environment, c.Tag)
	return refusal
}

// rollbackTarget is where a rollback of an environment goes: the tag that is
// named, else what ran when its deploy began.
func rollbackTarget(s *State, env EnvironmentName, tag string) (Version, *Refusal) {
	d := s.DeployOf(env)
	to := d.Before
	if tag != "" && tag != d.Before.Tag {
		to = Version{Tag: tag}
	}
	switch {
	case to.IsZero():
		return to, &Refusal{Code: RefusedTargetUnknown, Environment: env, Tag: d.Tag}
	case to.Tag == "":
		return to, &Refusal{Code: RefusedTargetWithoutTag, Environment: env, To: to}
	case s.Bad[to.Tag] != "":
		return to, &Refusal{Code: RefusedTargetMarkedBad, To: to}
	case to.Tag == d.Tag:
		return to, &Refusal{Code: RefusedTargetIsDeployed, Field: "tag", Value: Clip(tag, LongestField)}
	}
	if _, err := ParseTag(s.Train.TagPrefix, to.Tag); err != nil && tag != "" {
		return to, &Refusal{Code: RefusedNotAReleaseTag, Field: "tag", Detail: err.Error()}
	}
	return to, nil
}
