package rules

import (
	"time"

	"github.com/release-train/release-train/internal/train"
)

func rollbackCommand() Definition {
	return Definition{
		Name: train.Rollback, NeedsReason: true, Fields: []string{"environment", "tag"},
		Required: []string{"environment"}, Precedence: actsRollback,
		Example: train.Command{Environment: train.Production, Reason: "error rate doubled"},
		check:   checkRollback,
		apply: func(s *train.State, c train.Command, _ time.Time) Effect {
			to, _ := rollbackTarget(s, c.Environment, c.Tag)
			s.Orders.Rollback = &train.RollbackOrder{Environment: c.Environment, To: to, By: c.By, Reason: c.Reason}
			s.Orders.Retry = ""
			return Effect{Rollback: s.Orders.Rollback}
		},
	}
}

func checkRollback(s *train.State, c train.Command, _ time.Time) *train.Refusal {
	d := s.DeployOf(c.Environment)
	switch {
	case d == nil || d.Outcome == train.DeployHeld || d.JobID == 0 && !d.Present && d.Outcome != "":
		return &train.Refusal{Code: train.RefusedNothingToRollBack, Environment: c.Environment}
	case d.Running():
		return firstRefusal(notDeploying(s), &train.Refusal{Code: train.RefusedDeployRunning, Tag: d.Tag,
			Environment: c.Environment})
	case s.Production.Running():
		return notDeploying(s)
	case d.Outcome == train.DeployRolledBack && (c.Tag == "" || c.Tag == d.Rollback.To.Tag):
		return &train.Refusal{Code: train.RefusedAlreadyRolledBack, Environment: c.Environment, To: d.Rollback.To}
	case s.Ending != nil:
		return &train.Refusal{Code: train.RefusedReleaseEndingRollback, Environment: c.Environment, Detail: s.Ending.Why}
	case s.Orders.Rollback != nil || s.Phase == train.RollingBack:
		return &train.Refusal{Code: train.RefusedRollbackUnderWay}
	}
	_, refusal := rollbackTarget(s, c.Environment, c.Tag)
	return refusal
}

// rollbackTarget is where a rollback of an environment goes: the tag that is
// named, else what ran when its deploy began.
func rollbackTarget(s *train.State, env train.EnvironmentName, tag string) (train.Version, *train.Refusal) {
	d := s.DeployOf(env)
	to := d.Before
	if tag != "" && tag != d.Before.Tag {
		to = train.Version{Tag: tag}
	}
	switch {
	case to.IsZero():
		return to, &train.Refusal{Code: train.RefusedTargetUnknown, Environment: env, Tag: d.Tag}
	case to.Tag == "":
		return to, &train.Refusal{Code: train.RefusedTargetWithoutTag, Environment: env, To: to}
	case s.Bad[to.Tag] != "":
		return to, &train.Refusal{Code: train.RefusedTargetMarkedBad, To: to}
	case to.Tag == d.Tag:
		return to, &train.Refusal{Code: train.RefusedTargetIsDeployed, Field: "tag",
			Value: train.Clip(tag, train.LongestField)}
	}
	if _, err := train.ParseTag(s.Train.TagPrefix, to.Tag); err != nil && tag != "" {
		return to, &train.Refusal{Code: train.RefusedNotAReleaseTag, Field: "tag", Detail: err.Error()}
	}
	return to, nil
}
