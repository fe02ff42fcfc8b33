package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// awaitNextAttempt waits, after a deploy that did not succeed, until another attempt may be
// made: what failed for a reason of its own is tried again by itself after a
// while, all else waits for people.
func (r *release) awaitNextAttempt(ctx workflow.Context, env train.EnvironmentName) error {
	wake := func() bool { return rules.RetryAllowed(&r.State, env) || r.Orders.Rerun && env == train.Production }
	for r.DeployOf(env).Failed() && !rules.RetryAllowed(&r.State, env) {
		at, again := rules.Reattempt(&r.State, env)
		var err error
		if again {
			r.sayReattempt(ctx, env, at)
			err = r.awaitUntil(ctx, at, words.AttemptAt(env, r.DeployOf(env).Attempt+1), wake)
		} else {
			r.sayDeployFailed(ctx, env)
			err = r.await(ctx, wake)
		}
		if err == nil && r.Orders.Rerun {
			err = r.testOnStaging(ctx)
		}
		if err != nil || again {
			return err
		}
	}
	return nil
}

func (r *release) sayReattempt(ctx workflow.Context, env train.EnvironmentName, at time.Time) {
	r.setWaiting(ctx, words.WaitsForNextAttempt(r.DeployOf(env), at))
	r.announce(r.coordinationAnnouncement(ctx, nil))
}

func (r *release) sayDeployFailed(ctx workflow.Context, env train.EnvironmentName) {
	r.enterPhase(ctx, r.phaseOf(env), words.WaitsForDecisionOnDeploy(r.DeployOf(env), r.Plan.NextCutAt))
	r.announce(r.coordinationAnnouncement(ctx, nil))
}

func (r *release) phaseOf(env train.EnvironmentName) train.Phase {
	if env == train.Production {
		return train.Producing
	}
	return train.OnStaging
}
