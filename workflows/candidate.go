package workflows

import (
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/activities"
	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// Activities by name and type only: the receivers are never called here.
var (
	gitlab    *activities.GitLab
	flux      *activities.Flux
	deploys   *activities.Deploys
	changelog *activities.Changelog
	tests     *activities.E2E
	datadog   *activities.Datadog
	slack     *activities.Slack
	releases  *activities.Releases
	trains    *activities.Trains
	holds     *activities.Holds
)

// cutCandidate tags main to mark the release code, or makes the candidate that cut-tag
// ordered; it ends the release when main holds nothing new.
func (r *release) cutCandidate(ctx workflow.Context) error {
	ordered := r.Orders.Cut
	if ordered == nil && r.Candidate.Tag != "" {
		return nil
	}
	// The order stands until the candidate is made: what interrupts it meanwhile does not lose it.
	r.carriesOutCut = ordered
	defer func() { r.carriesOutCut = nil }()
	r.enterPhase(ctx, train.Cutting, words.WaitsForCommit(r.Train.Branch))
	cut := train.CutOrder{By: r.By}
	if ordered != nil {
		r.cancelE2E(ctx, words.E2EReplaced())
		cut = *ordered
	}
	// what is new is asked when it may be tagged
	if err := r.interruptible.awaitPermission(ctx, train.StepTag); err != nil {
		return err
	}
	if err := r.untilDone(ctx, words.ReadingProduction(), func() error { return r.readDeployed(ctx) }); err != nil {
		return err
	}
	if cut.SHA == "" {
		if err := r.untilDone(ctx, words.ChoosingCommit(), func() error { return r.chooseCommit(ctx, &cut) }); err != nil {
			return err
		}
	}
	return r.untilDone(ctx, words.Tagging(cut.SHA), func() error { return r.tagCandidate(ctx, &cut) })
}

// chooseCommit finds the commit to be tagged.
func (r *release) chooseCommit(ctx workflow.Context, cut *train.CutOrder) error {
	chosen, err := call(ctx, r.interruptible, shortActivity(words.WhichCommitIsReleased(r.Train.Branch)),
		gitlab.ChooseCommit, train.ChooseCommitInput{
			Project: r.Train.Project, Branch: r.Train.Branch, Require: r.Train.Cut.Require, Since: r.Deployed.Version,
		})
	if err != nil {
		return err
	}
	if chosen.Nothing {
		r.end(train.EndNothing, words.NothingToRelease(r.Train.Branch, r.Deployed.Version))
		return errEnding
	}
	r.Warning, cut.SHA = chosen.Warning, chosen.SHA
	return nil
}

// tagCandidate makes the candidate, or adopts the tag that somebody made by hand.
func (r *release) tagCandidate(ctx workflow.Context, cut *train.CutOrder) error {
	attempt := 1
	if r.Candidate.Tag != "" {
		attempt = len(r.Former) + 2
	}
	made, err := r.createTag(ctx, cut, attempt)
	if err != nil {
		return err
	}
	made.Candidate.CutAt, made.Candidate.By = workflow.Now(ctx), cut.By
	rules.TakeCandidate(&r.State, made.Candidate)
	r.adoptsJob = false
	if made.FreezeAhead != nil {
		r.announce(r.coordinationBroadcast(ctx, words.FreezeAheadEvent(&r.State, *made.FreezeAhead)))
	}
	return nil
}

func (r *release) createTag(ctx workflow.Context, cut *train.CutOrder, attempt int) (train.CreatedTag, error) {
	if cut.Tag != "" {
		return write(ctx, r.interruptible, train.StepTag, attempt,
			shortActivity(words.AdoptTag(cut.Tag)), gitlab.AdoptTag,
			func(string) train.AdoptTagInput {
				return train.AdoptTagInput{Project: r.Train.Project, Tag: cut.Tag, SHA: cut.SHA,
					Guard: rules.GuardOf(&r.State, train.StepTag)}
			})
	}
	return write(ctx, r.interruptible, train.StepTag, attempt,
		shortActivity(words.TagCommit(cut.SHA)), gitlab.CreateTag,
		func(key string) train.CreateTagInput {
			return train.CreateTagInput{
				Project: r.Train.Project, Prefix: r.Train.TagPrefix, Day: r.Plan.Day, SHA: cut.SHA, Key: key,
				About: words.ReleaseOf(r.Plan.Day, r.Train.Name), Guard: rules.GuardOf(&r.State, train.StepTag),
				From: r.Plan.WindowOpens, To: r.Plan.WindowCloses,
			}
		})
}

// readDeployed finds out what production runs: where the changelog begins.
func (r *release) readDeployed(ctx workflow.Context) error {
	env := r.Train.Production
	running, err := call(ctx, r.interruptible, shortActivity(words.WhatProductionRuns()),
		flux.ReadVersion, train.ReadVersionInput{
			Project: r.Train.Project, TagPrefix: r.Train.TagPrefix, Flux: env.Flux, FallbackEnvironment: env.GitLabEnvironment,
		})
	if err != nil {
		return err
	}
	r.Deployed, r.Expected, r.Running = running, running.Version, running.Version
	if running.Fallback != "" { // what GitLab remembers is a base, not what Flux must go on running
		r.Expected, r.Running = train.Version{}, train.Version{}
	}
	return nil
}

// publishChangelog makes the changelog since the deployed version, posts the
// link and sets the channel's topic.
func (r *release) publishChangelog(ctx workflow.Context) error {
	if r.Changelog.URL != "" {
		return nil
	}
	r.setWaiting(ctx, words.WaitsForChangelog(r.Candidate.Tag))
	r.Changelogs++
	summary := words.ChangelogBetween(r.Deployed.Version, r.Candidate.Tag)
	err := r.untilDone(ctx, words.PublishingChangelog(), func() error {
		digest, err := write(ctx, r.interruptible, train.StepChangelog, r.Changelogs, shortActivity(summary),
			changelog.PublishChangelog, r.changelogInput(r.Deployed))
		if err == nil {
			r.Changelog = digest
		}
		return err
	})
	if err != nil {
		return err
	}
	r.enterPhase(ctx, train.OnStaging, words.WaitsForStaging(r.Candidate.Tag, r.Plan.E2EAt))
	cut := r.coordinationAnnouncement(ctx, ptr(words.CutEvent(&r.State)))
	cut.Topic = words.Topic(&r.State)
	r.announce(cut)
	return nil
}

func (r *release) changelogInput(from train.RunningVersion) func(key string) train.PublishChangelogInput {
	return func(key string) train.PublishChangelogInput {
		return train.PublishChangelogInput{
			Project: r.Train.Project, Branch: r.Train.Branch, IssueURL: r.Train.Changelog.IssueURL, From: from,
			Candidate: r.Candidate, Key: key,
			WithContributors: r.Train.Policy.Approver == train.ApproverNotAuthor,
		}
	}
}

// deployToStaging deploys the candidate to staging and smoke-tests it there.
func (r *release) deployToStaging(ctx workflow.Context) error {
	for !r.Staging.Succeeded() {
		r.Phase = train.OnStaging
		if err := r.awaitNextAttempt(ctx, train.Staging); err != nil {
			return err
		}
		if err := r.attemptDeploy(ctx, train.Staging, time.Time{}); err != nil {
			return err
		}
		if err := r.awaitHeldDeploy(ctx, train.Staging); err != nil {
			return err
		}
	}
	return nil
}

// deployToProduction brings the candidate to production once the gate is open.
func (r *release) deployToProduction(ctx workflow.Context) error {
	for !rules.InProduction(&r.State) {
		if err := r.awaitNextAttempt(ctx, train.Production); err != nil {
			return err
		}
		if err := r.awaitGate(ctx); err != nil {
			return err
		}
		r.Phase = train.Producing
		if err := r.attemptDeploy(ctx, train.Production, rules.DecideGate(&r.State, workflow.Now(ctx)).NotAfter); err != nil {
			return err
		}
		if err := r.awaitHeldDeploy(ctx, train.Production); err != nil {
			return err
		}
	}
	if r.Released != r.Candidate.Tag {
		r.Released, r.ReleasedAt = r.Candidate.Tag, r.Production.EndedAt
	}
	return nil
}

// attemptDeploy makes one attempt at an environment, in a DeployWorkflow that outlives
// this release and whose ID is the lock.
func (r *release) attemptDeploy(ctx workflow.Context, env train.EnvironmentName, notAfter time.Time) error {
	step := train.DeployStepOf(env)
	attempt, byItself := 1, 0
	if last := r.DeployOf(env); last != nil && last.Tag == r.Candidate.Tag {
		attempt = last.Attempt + 1
		switch {
		case rules.RetryAllowed(&r.State, env):
		case last.Failed():
			byItself = last.ByItself + 1
		default: // it was held
			byItself = last.ByItself
		}
	}
	after := rules.EarlierAttempt(&r.State, env)
	adopts, ordered := env == train.Production && r.adoptsJob, r.Orders.Retry
	if adopts {
		notAfter = workflow.Now(ctx) // what somebody else started is followed, nothing is played
	}
	if !adopts { // what somebody else has started runs already
		if err := r.interruptible.awaitPermission(ctx, step); err != nil {
			return err
		}
	}
	before := r.DeployOf(env)
	return r.runDeploy(ctx, func() train.DeployInput {
		r.Orders.Retry, r.adoptsJob = "", false // it is carried out now
		r.SetDeploy(train.Deploy{
			Environment: env, Tag: r.Candidate.Tag, Attempt: attempt, Step: train.DeployWaitsForPipeline, ByItself: byItself,
			Before: after.Before, Run: after.Run, StartedAt: workflow.Now(ctx),
		})
		in := r.deployInput(env, step, attempt)
		in.NotAfter, in.Guard, in.Earlier, in.ByItself = notAfter, rules.GuardOf(&r.State, step), after, byItself
		if env == train.Production {
			in.Expected = r.Expected
		}
		return in
	}, func() { // the gate is asked again
		r.RestoreDeploy(env, before)
		r.Orders.Retry, r.adoptsJob = ordered, adopts
	})
}

// deployInput is what a DeployWorkflow needs to know in any case.
func (r *release) deployInput(env train.EnvironmentName, step train.Step, attempt int) train.DeployInput {
	return train.DeployInput{
		Train: r.Train.Name, Project: r.Train.Project, Environment: env, Config: r.Train.Environment(env),
		Candidate: r.Candidate, Attempt: attempt,
		Bad: rules.BadTags(&r.State), Datadog: r.Train.Datadog, ReleaseID: r.id,
		Key: train.Key(r.interruptible.keyPrefix, string(step)+"/"+r.Candidate.Tag, attempt), Poll: r.Train.Poll,
	}
}

// runDeploy starts a DeployWorkflow, as soon as no other one holds the
// lock, and follows it. begin records it and gives its input, giveUp undoes that.
// A deploy that had to wait for the lock is given up: much may have changed.
func (r *release) runDeploy(ctx workflow.Context, begin func() train.DeployInput, giveUp func()) error {
	for {
		in := begin()
		env := in.Environment
		r.setWaitingForDeploy(ctx, env)
		child := r.startDeploy(ctx, in)
		var run workflow.Execution
		err := child.GetChildWorkflowExecution().Get(r.uncancelled(ctx), &run)
		var busy *temporal.ChildWorkflowExecutionAlreadyStartedError
		if errors.As(err, &busy) {
			giveUp()
			if err := r.awaitOtherDeploy(ctx, env, in.Config.Lock); err != nil || in.Rollback == nil {
				return err
			}
			continue
		}
		if env == train.Production {
			r.productionRun = run.RunID
			r.stopDeploying(ctx)
		}
		if in.Rollback == nil {
			r.announce(r.deployAnnouncement(env, nil))
		}
		if env == train.Production { // for staging the card has said so already
			r.announce(r.coordinationAnnouncement(ctx, nil))
		}
		return r.followDeploy(ctx, env, child)
	}
}

func (r *release) startDeploy(ctx workflow.Context, in train.DeployInput) workflow.ChildWorkflowFuture {
	options := workflow.ChildWorkflowOptions{
		WorkflowID:            train.DeployID(in.Config.Lock),
		ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_ABANDON,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary:         clipSummary(words.DeployAttempt(in.Candidate.Tag, in.Environment, in.Attempt)),
	}
	// Nothing that ends this release may end a deploy half-way.
	return workflow.ExecuteChildWorkflow(workflow.WithChildOptions(r.uncancelled(ctx), options), train.DeployWorkflow, in)
}

// stopDeploying tells the production deploy that is followed to stop. It names the
// run: the lock may be somebody else's by then.
func (r *release) stopDeploying(ctx workflow.Context) {
	if r.stopOrder != nil && r.productionRun != "" {
		// Nobody waits: a deploy that has ended meanwhile does not need to know.
		workflow.SignalExternalWorkflow(r.uncancelled(ctx), train.DeployID(r.Train.Production.Lock), r.productionRun,
			train.SignalStopDeploy, *r.stopOrder)
	}
}

// followDeploy waits for a deploy's end and records it. A production deploy is
// seen to its end whatever else is asked; a staging deploy is left to itself.
func (r *release) followDeploy(ctx workflow.Context, env train.EnvironmentName,
	child workflow.ChildWorkflowFuture) error {
	given := func() bool { return env == train.Staging && r.interrupted() != nil }
	if err := workflow.Await(r.uncancelled(ctx), func() bool { return child.IsReady() || given() }); err != nil {
		return err
	}
	if !child.IsReady() {
		return r.interrupted()
	}
	var result train.Deploy
	if err := child.Get(r.uncancelled(ctx), &result); err != nil {
		result = *r.DeployOf(env)
		result.Outcome, result.EndedAt, result.Kind = train.DeployUnknown, workflow.Now(ctx), train.FailureUnknown
		result.Cause = words.DeployEndedEarly(errorSentence(err))
	}
	if env == train.Production {
		r.productionRun = ""
	}
	rules.RecordDeploy(&r.State, result, workflow.Now(ctx), words.RolledBackReason(result))
	r.changes++
	if env == train.Staging && result.Rollback.Restored() {
		r.voidE2E(ctx, words.E2EOnRolledBackStaging(result.Rollback.To))
	}
	r.announce(r.deployAnnouncement(env, ptr(words.DeployEvent(&r.State, env))), r.coordinationAnnouncement(ctx, nil))
	if h := r.Hold(train.HoldRolledBack); env == train.Production && result.Rollback.Restored() && h != nil {
		r.announce(r.coordinationBroadcast(ctx, words.ChangeEvent(&r.State, rules.Change{Begun: []train.Hold{*h}})))
	}
	return nil
}

// awaitOtherDeploy waits for the deploy that holds the lock: the hold environment-busy.
func (r *release) awaitOtherDeploy(ctx workflow.Context, env train.EnvironmentName, lock string) error {
	other := train.DeployID(lock)
	hold := train.Hold{
		Kind: train.HoldEnvironmentBusy, Reason: words.EnvironmentBusyReason(other, env), Since: workflow.Now(ctx),
	}
	r.Holds = append(r.Holds, hold)
	r.setWaiting(ctx, words.WaitsForOtherDeploy(other, env))
	r.announce(r.coordinationBroadcast(ctx, words.HeldEvent(&r.State, train.DeployStepOf(env), []train.Hold{hold})))
	defer r.Lift(train.HoldEnvironmentBusy)
	return r.untilDone(ctx, words.WaitingForDeploy(other), func() error {
		_, err := call(ctx, r.interruptible, pollingActivity(words.OtherDeployEndsFirst(env),
			r.Train.Poll.Deploy.D(), deployTakesAtMost),
			releases.AwaitClosed, train.AwaitClosedInput{WorkflowID: other, Poll: r.Train.Poll.Deploy})
		return err
	})
}

// rollBackAsOrdered carries out a rollback that somebody ordered. The candidate then
// waits for people: on staging its evidence is void, in production it is held.
func (r *release) rollBackAsOrdered(ctx workflow.Context) error {
	order := r.Orders.Rollback
	if order == nil {
		return nil
	}
	r.Orders.Rollback, r.carriesOutRollback = nil, true
	defer func() { r.carriesOutRollback = false }()
	env, last := order.Environment, r.DeployOf(order.Environment)
	r.Phase = train.RollingBack
	if err := r.interruptible.awaitPermission(ctx, train.StepRollback); err != nil {
		return err
	}
	if env == train.Staging {
		r.cancelE2E(ctx, words.E2EReplaced())
	}
	err := r.runDeploy(ctx, func() train.DeployInput {
		d := *last
		d.Outcome, d.Kind, d.Cause = "", "", ""
		d.Step, d.StartedAt, d.EndedAt = train.DeployRollsBack, workflow.Now(ctx), time.Time{}
		d.Rollback, d.Evidence = &train.RollbackRecord{RollbackOrder: *order}, nil
		r.SetDeploy(d)
		r.announce(r.rollbackAnnouncement(env))
		r.Rollbacks++
		in := r.deployInput(env, train.StepRollback, d.Attempt)
		in.Key, in.Rollback, in.Earlier.Before = train.Key(r.interruptible.keyPrefix, string(train.StepRollback),
			r.Rollbacks), order, d.Before
		in.Earlier.Run = d.Run
		return in
	}, func() { r.RestoreDeploy(env, last) })
	if err != nil {
		return err
	}
	if now := r.DeployOf(env); now.Rollback != nil && now.Rollback.Outcome == train.RollbackNone { // nothing was done
		kept := *last
		kept.Rollback = now.Rollback
		r.SetDeploy(kept)
	}
	return nil
}
