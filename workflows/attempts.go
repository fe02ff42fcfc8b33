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
			long := func() bool { return r.mustContinueAsNew(ctx) }
			if err = r.await(ctx, func() bool { return wake() || long() }); err == nil && !wake() {
				err = errContinueAsNew
			}
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

// awaitHeldDeploy waits a while after a deploy that was held although nothing is
// known that holds it: its worker's clock says that it is too late, ours does not yet.
func (r *release) awaitHeldDeploy(ctx workflow.Context, env train.EnvironmentName) error {
	d := r.DeployOf(env)
	if d == nil || d.Outcome != train.DeployHeld || len(d.Held) > 0 {
		return nil
	}
	at := workflow.Now(ctx).Add(heldForPolls * r.Train.Poll.Gate.D())
	return r.awaitUntil(ctx, at, words.AttemptAt(env, d.Attempt+1), never)
}

// heldForPolls is how many looks of the gate a deploy waits that was held for no known reason.
const heldForPolls = 15

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
