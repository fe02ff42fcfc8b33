package workflows

import (
	"context"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// keepFreeze keeps GitLab's freeze period as the hold hotfix says, for as long as it takes.
// Nothing else waits for GitLab.
func (k *trainMemory) keepFreeze(ctx workflow.Context) {
	next := func() rules.FreezeCall { return rules.NextFreezeCall(&k.Memory, workflow.Now(ctx)) }
	for {
		switch call := next(); call {
		case rules.FreezeDropped:
			k.Memory.Freeze = nil
			k.revise(ctx)
		case rules.FreezeSettled:
			at := rules.FreezeWakesAt(&k.Memory)
			if now := workflow.Now(ctx); !at.IsZero() && !at.After(now) {
				at = now.Add(time.Minute) // never a loop without a floor
			}
			wakes := rules.FreezeWakesAt(&k.Memory)
			if err := k.awaitUntil(ctx, at, words.AsksAboutOurFreezeAgain(), func() bool {
				return next() != rules.FreezeSettled || !rules.FreezeWakesAt(&k.Memory).Equal(wakes)
			}); err != nil {
				return // the context is never cancelled
			}
		case rules.FreezeCreated, rules.FreezeChanged, rules.FreezeDeleted:
			k.askAboutFreeze(ctx, call)
		}
	}
}

// freezeActivity creates, changes or deletes a freeze period.
type freezeActivity = func(context.Context, train.FreezeInput) (train.FreezeResult, error)

// askAboutFreeze makes one call about our freeze period and remembers what came of it.
func (k *trainMemory) askAboutFreeze(ctx workflow.Context, call rules.FreezeCall) {
	k.underWay++
	defer func() { k.underWay-- }()
	k.FreezeCalls++
	var activity freezeActivity
	var summary string
	switch call {
	case rules.FreezeCreated:
		activity, summary = gitlab.CreateFreeze, words.CreateOurFreeze()
	case rules.FreezeChanged:
		activity, summary = gitlab.ChangeFreeze, words.ChangeEndOfOurFreeze()
	case rules.FreezeDeleted, rules.FreezeDropped, rules.FreezeSettled:
		activity, summary = gitlab.DeleteFreeze, words.DeleteOurFreeze()
	}
	asked := rules.AskedFreeze(&k.Memory, call, workflow.Now(ctx))
	result, err := write(ctx, k.executor, train.StepFreeze, k.FreezeCalls, askFreezeActivity(summary), activity,
		func(key string) train.FreezeInput {
			return train.FreezeInput{Project: k.config().Project, Freeze: asked, Key: key}
		})
	problem := result.Refused
	if err != nil {
		problem, result.Unknown = errorSentence(err), true // it may have taken effect all the same
	}
	if rules.TakeFreezeResult(&k.Memory, call, asked, result, problem, workflow.Now(ctx)) {
		k.revise(ctx)
	}
	k.publish(ctx)
	k.tellOfFreeze(ctx, asked, problem)
}

// tellOfFreeze tells people what GitLab refuses about our freeze period, once, and when it is over.
func (k *trainMemory) tellOfFreeze(ctx workflow.Context, asked train.OwnFreeze, problem string) {
	if problem == k.FreezeTrouble {
		return
	}
	k.FreezeTrouble = problem
	held := k.Memory.Holding(train.HoldHotfix)
	if problem == "" {
		k.postMessage(ctx, words.FreezeTroubleOver(k.config(), held))
		return
	}
	k.postMessage(ctx, words.FreezeTrouble(k.config(), asked, held, problem))
}

// askFreezeActivity are the options of one call about our freeze period. A few tries in a row are enough, because
// the train tries again by itself every five minutes and says so meanwhile.
func askFreezeActivity(summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		Summary:                clipSummary(summary),
		StartToCloseTimeout:    time.Minute,
		ScheduleToCloseTimeout: rules.TryFreezeAgainAfter,
		HeartbeatTimeout:       lostWithin,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2,
			MaximumAttempts: 3},
	}
}

// freezeAnswered is how long an answer waits for GitLab: an update is answered within ten seconds.
const freezeAnswered = 8 * time.Second

// concludeFreeze waits a moment for GitLab and adds how our freeze period stands to the answer.
func (k *trainMemory) concludeFreeze(ctx workflow.Context, name train.CommandName, answer *train.Answer) {
	if name != train.HotfixFreeze && name != train.LiftHotfixFreeze {
		return
	}
	if k.Memory.Freeze == nil { // a lift of what GitLab never made
		answer.Sentence += " " + words.NoFreezeInGitLab()
		return
	}
	err := k.awaitUntil(ctx, workflow.Now(ctx).Add(freezeAnswered), words.AsksAboutOurFreezeAgain(),
		func() bool { return rules.FreezeSettledIn(&k.Memory) })
	if err == nil {
		answer.Sentence += " " + words.FreezeOutcome(&k.Memory)
	}
}
