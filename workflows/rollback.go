package workflows

import (
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// rollBackByItself puts back what ran before a candidate whose smoke tests are
// red, as the environment is configured.
func (d *deployAttempt) rollBackByItself(ctx workflow.Context) {
	order := train.RollbackOrder{Environment: d.Environment, To: d.Before}
	switch d.in.Config.Rollback {
	case train.RollbackNobody:
	case train.RollbackPipeline:
		d.followRollback(ctx, order)
	default:
		d.rollBack(ctx, order)
	}
}

// rollBackAsOrdered is the deploy that somebody asked to be a rollback.
func (d *deployAttempt) rollBackAsOrdered(ctx workflow.Context) {
	d.Kind = train.FailureDefinitive
	d.Cause = words.RollbackAskedFor(*d.in.Rollback)
	d.Outcome = train.DeployFailed
	if d.Tag == "" { // no release says what is rolled back
		running, err := call(ctx, d.uninterruptible, shortActivity(words.WhatRunsAt(d.Environment)),
			flux.ReadVersion, train.ReadVersionInput{
				Project: d.in.Project, TagPrefix: d.in.Config.Flux.TagPrefix, Flux: d.in.Config.Flux,
				FallbackEnvironment: d.in.Config.GitLabEnvironment,
			})
		if err == nil {
			d.Tag, d.Before = running.Version.String(), running.Version
		}
	}
	d.rollBack(ctx, *d.in.Rollback)
}

// rollBack puts a version back by the first rung of the ladder that is not
// refused, waits until Flux reports it, and runs its smoke tests. There is no
// rollback of a rollback: whatever it ends with, people are asked.
func (d *deployAttempt) rollBack(ctx workflow.Context, order train.RollbackOrder) {
	r := d.beginRollback(ctx, order)
	defer func() { d.endRollback(ctx) }()
	if order.To.IsZero() {
		d.noRollback(words.BeforeNotKnown())
		return
	}
	if order.To.Tag == "" {
		d.noRollback(words.BeforeHasNoTag(order.To))
		return
	}
	if order.To.Tag == d.Tag {
		d.noRollback(words.RunsThere(d.Tag))
		return
	}
	plan, err := call(ctx, d.uninterruptible, shortActivity(words.HowItGoesBack(d.Environment, order.To)),
		deploys.PlanRollback,
		train.PlanRollbackInput{
			Project: d.in.Project, Config: d.in.Config, To: order.To, Bad: d.in.Bad, PipelineID: d.PipelineID,
		})
	switch {
	case err != nil:
		d.noRollback(words.WayBackNotFound(errorSentence(err)))
		return
	case plan.Problem != "":
		d.noRollback(plan.Problem)
		return
	}
	r.To = train.Version{Tag: plan.To.Tag, SHA: plan.To.SHA}
	w := d.deploymentOf(plan.To, &r.Run)
	w.earlier = train.EarlierAttempt{}
	ladder := func(ctx workflow.Context) *stepFailure { return w.runLadder(ctx, plan, r) }
	d.rollbackEnded(runInOrder(ctx, ladder, w.awaitJob, w.awaitRollout, w.runSmokeTests))
}

// followRollback waits until Flux shows that the pipeline has put back what ran before.
func (d *deployAttempt) followRollback(ctx workflow.Context, order train.RollbackOrder) {
	r := d.beginRollback(ctx, order)
	defer func() { d.endRollback(ctx) }()
	if order.To.Tag == "" {
		d.noRollback(words.BeforeNotKnownToWaitFor())
		return
	}
	r.Method = train.MethodByPipeline
	w := d.deploymentOf(train.Candidate{Tag: order.To.Tag, SHA: order.To.SHA}, &r.Run)
	d.rollbackEnded(w.awaitRollout(ctx))
}

func (d *deployAttempt) beginRollback(ctx workflow.Context, order train.RollbackOrder) *train.RollbackRecord {
	d.Rollback = &train.RollbackRecord{RollbackOrder: order, StartedAt: workflow.Now(ctx)}
	d.Step = train.DeployRollsBack
	d.enterStep(ctx, train.DeployRollsBack, d.in.Config.Limits.Total())
	return d.Rollback
}

// endRollback records what the rollback means for the deploy.
func (d *deployAttempt) endRollback(ctx workflow.Context) {
	d.Rollback.EndedAt = workflow.Now(ctx)
	if d.Rollback.Restored() {
		d.Outcome = train.DeployRolledBack
	}
}

func (d *deployAttempt) noRollback(why string) {
	d.Rollback.Outcome, d.Rollback.Cause = train.RollbackNone, why
}

// rollbackEnded records how a rollback ended; nil: well.
func (d *deployAttempt) rollbackEnded(s *stepFailure) {
	r := d.Rollback
	if s == nil {
		r.Outcome = train.RollbackSucceeded
		return
	}
	r.Cause = s.cause
	switch s.outcome { //nolint:exhaustive // the rest are failures
	case train.DeploySmokeRed:
		r.Outcome = train.RollbackSmokeRed
	case train.DeployUnknown:
		r.Outcome = train.RollbackUnknown
	default:
		r.Outcome = train.RollbackFailed
	}
}

// ladderStep is one way to put a version back: whether it is there to be taken, and
// how it is. A rung that GitLab refuses did nothing, and the next one is tried.
type ladderStep struct {
	name    train.RollbackMethod
	missing string
	take    func(workflow.Context) (played train.PlayedJob, pipeline int64, err error)
}

// firstLadderAttempt numbers the ladder's writes apart from those of the deploy before it.
const firstLadderAttempt = 10

// runLadder is the ladder: retry the old tag's job that succeeded; a new pipeline
// on the old tag; the rollback job. docs/architecture.md, Deploys.
func (w *deployment) runLadder(ctx workflow.Context, plan train.RollbackPlan, r *train.RollbackRecord) *stepFailure {
	if plan.Present && w.JobID == 0 { // else what a job of ours has told Flux may still come
		r.Method, w.present, w.attempt = train.MethodAlreadyThere, true, firstLadderAttempt-1
		r.PipelineID, w.earlier.SmokeJobID = plan.Retry.PipelineID, plan.Retry.SmokeJobID
		return nil
	}
	ladder := []ladderStep{
		{name: train.MethodRetriedJob, missing: plan.NoRetry,
			take: func(ctx workflow.Context) (train.PlayedJob, int64, error) {
				w.earlier.SmokeJobID = plan.Retry.SmokeJobID
				played, err := w.playRollbackJob(ctx, plan.Retry, nil)
				return played, plan.Retry.PipelineID, err
			}},
		{name: train.MethodNewPipeline, take: w.playInNewPipelineOfTarget},
		{name: train.MethodRollbackJob, missing: plan.NoRollback,
			take: func(ctx workflow.Context) (train.PlayedJob, int64, error) {
				w.job, w.earlier.SmokeJobID = w.in.Config.RollbackJob, w.SmokeJobID // the red ones are of the same pipeline
				played, err := w.playRollbackJob(ctx, plan.Rollback, map[string]string{train.RollbackVariable: w.candidate.Tag})
				return played, plan.Rollback.PipelineID, err
			}},
	}
	for i, rung := range ladder {
		if rung.missing != "" {
			r.Refused = append(r.Refused, words.WayRefused(rung.name, rung.missing))
			continue
		}
		w.attempt = firstLadderAttempt + i
		played, pipeline, err := rung.take(ctx)
		switch {
		case err == nil && played.Outdated != "":
			r.Refused = append(r.Refused, words.WayRefused(rung.name, played.Outdated))
		case err == nil:
			r.Method, r.PipelineID, r.JobID, r.JobURL = rung.name, pipeline, played.JobID, played.JobURL
			return nil
		case errors.Is(err, errStillBusy):
			return failStep(train.DeployFailed, train.FailureDefinitive, err.Error())
		case isRefusal(err) || errors.Is(err, errNoJob):
			r.Refused = append(r.Refused, words.WayRefused(rung.name, errorSentence(err)))
		default:
			return failStep(train.DeployUnknown, train.FailureUnknown,
				words.WayNotKnown(w.candidate.Tag, rung.name, errorSentence(err)))
		}
	}
	return failStep(train.DeployFailed, train.FailureDefinitive, words.NoWayLeft())
}

var (
	// errNoJob says that a step of the ladder does not offer a job that can be played.
	errNoJob = errors.New("no job can be played")
	// errStillBusy says that another deploy job of the environment does not end.
	errStillBusy = errors.New("another deploy job does not end")
)

// wayError is one of these, as people read it.
type wayError struct {
	error
	text string
}

func (e wayError) Error() string { return e.text }
func (e wayError) Unwrap() error { return e.error }

// playInNewPipelineOfTarget is the second rung: a new pipeline on the old tag.
func (w *deployment) playInNewPipelineOfTarget(ctx workflow.Context) (train.PlayedJob, int64, error) {
	started, err := write(ctx, w.uninterruptible, train.StepReplacePipeline, w.attempt,
		shortActivity(words.NewPipeline(w.candidate.Tag)),
		gitlab.StartPipeline, w.pipelineInput)
	if err != nil {
		return train.PlayedJob{}, 0, err
	}
	w.earlier = train.EarlierAttempt{Run: train.Run{PipelineID: started.ID, Replaced: true}}
	if s := w.awaitPipelineJob(ctx); s != nil {
		return train.PlayedJob{}, 0, wayError{errNoJob, words.NoJobToPlay(s.cause)}
	}
	played, err := w.playRollbackJob(ctx, train.PipelineJob{PipelineID: started.ID}, nil)
	return played, started.ID, err
}

// playRollbackJob plays a job that puts the version back, as soon as no other deploy
// job of the environment runs: that is the one hold that a rollback obeys.
func (w *deployment) playRollbackJob(ctx workflow.Context, job train.PipelineJob,
	variables map[string]string) (train.PlayedJob, error) {
	guard := train.Guard{
		Train: w.in.Train, Project: w.in.Project, Obeys: rules.Obeyed(train.StepRollback), Candidate: w.candidate,
		Environment: w.in.Config.GitLabEnvironment,
	}
	w.record.PipelineID = job.PipelineID
	for {
		w.playedAt = workflow.Now(ctx)
		played, err := write(ctx, w.uninterruptible, train.StepRollback, w.attempt,
			shortActivity(words.PutBackByJob(w.candidate.Tag, w.job)),
			gitlab.PlayJob, func(key string) train.PlayJobInput {
				in := w.playInput(w.job, time.Time{}, key)
				in.Guard, in.After, in.Variables = guard, job.JobID, variables
				return in
			})
		if err != nil || played.Held == "" {
			return played, err
		}
		if !slices.ContainsFunc(played.Holds, func(h train.Hold) bool { return h.Kind == train.HoldEnvironmentBusy }) {
			return played, wayError{errNoJob, words.NoJobToPlay(played.Held)} // its tag was moved meanwhile
		}
		limit := w.in.Config.Limits.Job.D()
		w.Rollback.Cause = played.Held
		w.enterStep(ctx, train.DeployRollsBack, limit)
		freed, err := call(ctx, w.uninterruptible, w.pollingActivity(words.OtherJobEndsFirst(w.Environment), limit),
			deploys.AwaitFree, train.AwaitFreeInput{Guard: guard, Until: workflow.Now(ctx).Add(limit), Poll: w.in.Poll.Deploy})
		w.Rollback.Cause = ""
		switch {
		case err != nil:
			return played, err
		case freed.Busy != "":
			return played, wayError{errStillBusy, words.OtherJobStillRuns(freed.Busy)}
		}
	}
}
