package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// DeployWorkflow is one attempt to bring a candidate to an environment, or one
// rollback. Its ID is the lock of what it deploys to. It outlives the release
// that started it, never repeats anything by itself, and ends with a value:
// errors are outcomes.
func DeployWorkflow(ctx workflow.Context, in train.DeployInput) (train.Deploy, error) {
	d := newDeploy(ctx, in)
	workflow.Go(ctx, d.handleStop)
	d.announceBegin(ctx)
	if in.Rollback != nil {
		d.rollBackAsOrdered(ctx)
	} else {
		d.run(ctx)
	}
	d.EndedAt = workflow.Now(ctx)
	return d.Deploy, d.announceEnd(ctx)
}

// deployAttempt is one attempt: its record, and the means to make it.
type deployAttempt struct {
	train.Deploy
	in train.DeployInput
	// interruptible is for what may be given up when the deploy is told to stop;
	// writes go through the other one, because whether they took effect must be known.
	interruptible, uninterruptible *executor
	stopOrder                      *train.StopDeploy
	messages                       *messageQueue
}

// stepFailure is why a version did not get where it was to be; nil: it did.
type stepFailure struct {
	outcome train.DeployOutcome
	kind    train.FailureKind
	cause   string
}

func failStep(outcome train.DeployOutcome, kind train.FailureKind, cause string) *stepFailure {
	return &stepFailure{outcome: outcome, kind: kind, cause: cause}
}

// errStopped ends a wait of a deploy that was told to stop. Whatever the step
// makes of it, failed sees the order.
var errStopped = errors.New("the deploy was told to stop")

func newDeploy(ctx workflow.Context, in train.DeployInput) *deployAttempt {
	d := &deployAttempt{
		in:              in,
		uninterruptible: &executor{keyPrefix: in.Key},
		Deploy: train.Deploy{
			Environment: in.Environment, Tag: in.Candidate.Tag, Attempt: in.Attempt, ByItself: in.ByItself,
			Before: in.Earlier.Before, Run: in.Earlier.Run,
			Step: train.DeployWaitsForPipeline, StartedAt: workflow.Now(ctx),
		},
	}
	d.interruptible = &executor{keyPrefix: in.Key, interrupted: func() error {
		if d.stopOrder != nil && d.Step != train.DeployRollsBack {
			return errStopped
		}
		return nil
	}}
	return d
}

// handleStop takes the order to stop; what is being rolled back already goes on.
func (d *deployAttempt) handleStop(ctx workflow.Context) {
	var s train.StopDeploy
	workflow.GetSignalChannel(ctx, train.SignalStopDeploy).Receive(ctx, &s)
	d.stopOrder = &s
}

// run deploys as the process document says: the job in the tag's pipeline, then
// Flux, then smoke tests. The first step that does not succeed ends it; where
// smoke tests are red, what ran before is put back.
func (d *deployAttempt) run(ctx workflow.Context) {
	w := d.deploymentOf(d.in.Candidate, &d.Run)
	if s := runInOrder(ctx, w.awaitPipelineJob, w.play, w.awaitJob, w.awaitRollout, w.runSmokeTests); s != nil {
		d.recordFailure(ctx, s)
		return
	}
	d.Outcome, d.Step = train.DeploySucceeded, train.DeployDone
}

// runInOrder takes steps until one does not succeed.
func runInOrder(ctx workflow.Context, steps ...func(workflow.Context) *stepFailure) *stepFailure {
	for _, step := range steps {
		if s := step(ctx); s != nil {
			return s
		}
	}
	return nil
}

// recordFailure records why the deploy goes no further, reads what is not known, asks
// Datadog what it did, and puts back what ran before where that is to be done.
func (d *deployAttempt) recordFailure(ctx workflow.Context, s *stepFailure) {
	d.Outcome, d.Kind, d.Cause = s.outcome, s.kind, s.cause
	if d.Outcome == train.DeployHeld {
		return
	}
	if d.stopOrder != nil {
		d.carryOutStop(ctx)
		return
	}
	if d.Outcome == train.DeployUnknown {
		d.findOut(ctx)
	}
	evidence := d.askForEvidence(ctx)
	if d.Outcome == train.DeploySmokeRed {
		d.rollBackByItself(ctx)
	}
	d.takeEvidence(ctx, evidence)
	if d.stopOrder != nil && d.Rollback == nil { // it was told so meanwhile
		d.carryOutStop(ctx)
	}
}

// findOut adds to the cause what became of the deploy as far as that can be read.
func (d *deployAttempt) findOut(ctx workflow.Context) {
	found, err := call(ctx, d.uninterruptible, shortActivity(words.WhatBecameOf(d.Tag)),
		deploys.FindOut, train.FindOutInput{
			Project: d.in.Project, PipelineID: d.PipelineID, Job: d.in.Config.Job,
			Candidate: d.in.Candidate, Flux: d.in.Config.Flux,
		})
	if err != nil {
		d.Cause = words.AndNobodyKnows(d.Cause, errorSentence(err))
		return
	}
	if found.JobID != 0 {
		d.JobID = found.JobID
	}
	d.Cause = words.AndFound(d.Cause, found.Sentence)
}

// carryOutStop cancels the job that somebody wants stopped, and puts back what ran before.
func (d *deployAttempt) carryOutStop(ctx workflow.Context) {
	d.Outcome, d.Kind = train.DeployFailed, train.FailureDefinitive
	d.Cause = words.StoppedBy(*d.stopOrder)
	if d.JobID == 0 {
		return // nothing was played
	}
	_, err := write(ctx, d.uninterruptible, train.StepCancelJob, 1,
		shortActivity(words.CancelJob(d.in.Config.Job)), gitlab.CancelJob,
		func(string) train.CancelJobInput {
			return train.CancelJobInput{Project: d.in.Project, PipelineID: d.PipelineID, Job: d.in.Config.Job}
		})
	if err != nil {
		d.Cause = words.StoppedButJobGoesOn(*d.stopOrder, errorSentence(err))
	}
	d.rollBack(ctx, train.RollbackOrder{Environment: d.Environment, To: d.Before, By: d.stopOrder.By,
		Reason: d.stopOrder.Reason})
}

// enterStep begins a step and tells the release, but of the rollout: that follows
// the job within minutes, and each telling costs both workflows events.
func (d *deployAttempt) enterStep(ctx workflow.Context, step train.DeployStep, limit time.Duration) {
	if d.Step != train.DeployRollsBack { // a rollback is one step for those who watch
		d.Step = step
	}
	d.StepUntil = workflow.Now(ctx).Add(limit)
	progress := d.Deploy
	progress.Outcome = ""
	workflow.SetCurrentDetails(ctx, words.DeployDetails(progress, d.in))
	if d.in.ReleaseID != "" && step != train.DeployRollsOut {
		// A release that has ended meanwhile does not need to know: no wait, no error.
		workflow.SignalExternalWorkflow(ctx, d.in.ReleaseID, "", train.SignalDeployProgress, progress)
	}
}

// deployment is how one version gets to the environment: by which job of which
// pipeline. A rollback is one too, of an older version.
type deployment struct {
	*deployAttempt
	candidate train.Candidate
	job       string
	// run is where the pipeline, its job and its smoke tests are recorded.
	record *train.Run
	// earlier are the jobs with which an earlier deployment of it ended.
	earlier train.EarlierAttempt
	// attempt tells the writes of several ways of one deploy apart.
	attempt int
	// present says that the version is there, so that no job is awaited.
	present bool
	// playedAt is when its job was played, readyAt when Flux reported the version ready.
	playedAt, readyAt time.Time
	// replaced is what GitLab said when it refused the tag's own job as outdated.
	outdatedRefusal string
}

// deploymentOf is how the candidate, or what a rollback goes to, gets there.
func (d *deployAttempt) deploymentOf(c train.Candidate, run *train.Run) *deployment {
	return &deployment{deployAttempt: d, candidate: c, job: d.in.Config.Job, record: run,
		earlier: d.in.Earlier, attempt: 1}
}

// awaitPipelineJob waits until the tag's pipeline has been created and offers the deploy job.
func (w *deployment) awaitPipelineJob(ctx workflow.Context) *stepFailure {
	limit := w.in.Config.Limits.Job.D()
	w.StepUntil = workflow.Now(ctx).Add(limit)
	job, err := call(ctx, w.interruptible, w.pollingActivity(words.PipelineOffersJob(w.candidate.Tag, w.job), limit),
		gitlab.AwaitPipelineJob, train.AwaitPipelineJobInput{
			Project: w.in.Project, Candidate: w.candidate, PipelineID: w.earlier.Pipeline(), Job: w.job,
			Until: w.StepUntil, Poll: w.in.Poll.Deploy,
		})
	if err != nil {
		kind := rules.KindOf(rules.FailureReason{Source: rules.FromRead, Value: faultKind(err)})
		return failStep(train.DeployFailed, kind, words.NothingPlayed(errorSentence(err)))
	}
	w.record.PipelineID, w.record.PipelineURL, w.record.JobURL = job.PipelineID, job.PipelineURL, job.JobURL
	w.record.Replaced = w.earlier.Replaced
	if job.Problem != "" {
		return failStep(train.DeployFailed, train.FailureDefinitive, words.NothingPlayed(job.Problem))
	}
	return nil
}

// play plays the deploy job, after the activity's last look at what must hold.
// Where the pipeline starts it by itself, it is only looked at.
func (w *deployment) play(ctx workflow.Context) *stepFailure {
	w.playedAt = workflow.Now(ctx)
	played, err := write(ctx, w.uninterruptible, train.StepPlay, w.attempt,
		shortActivity(words.PlayJob(w.candidate.Tag, w.job)),
		deploys.PlayDeploy, func(key string) train.PlayDeployInput {
			in := w.playInput(w.job, w.in.NotAfter, key)
			in.Guard, in.After, in.Follow = w.in.Guard, w.earlier.JobID, w.in.Config.Start == train.StartAutomatic
			return train.PlayDeployInput{Job: in, Flux: w.in.Config.Flux, Before: w.Before, Expected: w.in.Expected,
				Start: words.DatadogStartEvent(w.in, workflow.Now(ctx))}
		})
	switch {
	case err != nil && isRefusal(err):
		return failStep(train.DeployFailed, train.FailureDefinitive, words.PlayRefused(errorSentence(err)))
	case err != nil:
		return failStep(train.DeployUnknown, train.FailureUnknown, words.PlayNotKnown(errorSentence(err)))
	}
	w.Before = played.Before
	switch {
	case played.Outdated != "":
		return w.playInNewPipeline(ctx, played.Outdated)
	case played.Held != "":
		w.Held, w.TooLate = played.Holds, len(played.Holds) == 0
		return failStep(train.DeployHeld, train.FailureHeld, words.NothingPlayed(played.Held))
	}
	w.record.JobID, w.record.JobURL = played.JobID, played.JobURL
	w.Adopted, w.Present, w.present = played.Adopted, played.Present, played.Present
	if w.stopOrder != nil {
		return failStep(train.DeployFailed, train.FailureDefinitive, words.ToldToStop())
	}
	return nil
}

// playInNewPipeline makes a new pipeline on the same tag, once: GitLab refuses
// the tag's own job because something was deployed after it.
func (w *deployment) playInNewPipeline(ctx workflow.Context, refusal string) *stepFailure {
	if w.outdatedRefusal != "" {
		return failStep(train.DeployFailed, train.FailureDefinitive, words.OutdatedAgain(refusal))
	}
	w.outdatedRefusal = refusal
	started, err := write(ctx, w.uninterruptible, train.StepReplacePipeline, w.attempt,
		shortActivity(words.NewPipelineForOutdated(w.candidate.Tag)), gitlab.StartPipeline, w.pipelineInput)
	if err != nil {
		return failStep(train.DeployFailed, train.FailureDefinitive,
			words.OutdatedAndNoNewPipeline(refusal, errorSentence(err)))
	}
	w.earlier = train.EarlierAttempt{Run: train.Run{PipelineID: started.ID, Replaced: true}}
	w.attempt++
	if s := w.awaitPipelineJob(ctx); s != nil {
		return s
	}
	return w.play(ctx)
}

func (w *deployment) pipelineInput(key string) train.StartPipelineInput {
	return train.StartPipelineInput{Project: w.in.Project, Ref: w.candidate.Tag, Since: w.StartedAt, Key: key}
}

func (w *deployment) playInput(job string, notAfter time.Time, key string) train.PlayJobInput {
	return train.PlayJobInput{
		Project: w.in.Project, PipelineID: w.record.PipelineID, Job: job, Candidate: w.candidate,
		NotAfter: notAfter, Key: key,
	}
}

// awaitJob waits for the deploy job's end.
func (w *deployment) awaitJob(ctx workflow.Context) *stepFailure {
	if w.present {
		return nil
	}
	limit := w.in.Config.Limits.Job.D()
	w.enterStep(ctx, train.DeployRunsJob, limit)
	ended, err := w.awaitJobNamed(ctx, w.job, true, limit)
	switch {
	case err != nil:
		return failStep(train.DeployUnknown, train.FailureUnknown, words.JobNotFollowed(w.job, errorSentence(err)))
	case ended.TimedOut:
		return failStep(train.DeployUnknown, train.FailureUnknown, words.JobPastLimit(w.job, ended, w.in.Config.Limits.Job))
	}
	w.record.JobURL = ended.URL
	if ended.ID != 0 {
		w.record.JobID = ended.ID
	}
	if rules.Outdated(ended) && w.Rollback == nil {
		if s := w.playInNewPipeline(ctx, words.JobDropped(w.candidate.Tag, w.job)); s != nil {
			return s
		}
		return w.awaitJob(ctx)
	}
	if !ended.Succeeded() {
		return brokenDown(ended, words.JobBroke(w.job, ended))
	}
	return nil
}

// brokenDown is the failure of something that ended without success: its kind
// decides whether the outcome is known.
func brokenDown(ended train.EndedJob, cause string) *stepFailure {
	kind, outcome := rules.KindOf(rules.JobFailure(ended)), train.DeployFailed
	if kind == train.FailureUnknown {
		outcome = train.DeployUnknown
	}
	return failStep(outcome, kind, cause)
}

func (w *deployment) awaitJobNamed(ctx workflow.Context, job string, played bool,
	limit time.Duration) (train.EndedJob, error) {
	return call(ctx, w.interruptible, w.pollingActivity(words.JobRuns(w.candidate.Tag, job), limit),
		gitlab.AwaitJob, train.AwaitJobInput{
			Project: w.in.Project, PipelineID: w.record.PipelineID, Job: job, Played: played,
			Until: w.StepUntil, Poll: w.in.Poll.Deploy,
		})
}

// awaitRollout waits until Flux reports that very tag ready.
func (w *deployment) awaitRollout(ctx workflow.Context) *stepFailure {
	limit := w.in.Config.Limits.Flux.D()
	w.enterStep(ctx, train.DeployRollsOut, limit)
	rollout, err := call(ctx, w.interruptible,
		w.pollingActivity(words.FluxRollsOut(w.candidate.Tag, w.Environment), limit),
		flux.AwaitRollout, train.AwaitRolloutInput{
			Flux: w.in.Config.Flux, Candidate: w.candidate, Until: w.StepUntil, Poll: w.in.Poll.Deploy,
		})
	switch {
	case err != nil:
		return failStep(train.DeployUnknown, train.FailureUnknown, words.RolloutNotAsked(errorSentence(err)))
	case rollout.TimedOut:
		return failStep(train.DeployUnknown, train.FailureUnknown,
			words.RolloutPastLimit(w.candidate.Tag, rollout, w.in.Config.Limits.Flux))
	case !rollout.Done:
		reason := rules.FailureReason{Source: rules.FromFlux, Value: rollout.Reason}
		return failStep(train.DeployFailed, rules.KindOf(reason), words.RolloutFailed(rollout.Why, reason))
	}
	w.readyAt = rules.ReadyAt(rollout, w.playedAt, workflow.Now(ctx))
	return nil
}

func (d *deployAttempt) pollingActivity(summary string, limit time.Duration) workflow.ActivityOptions {
	return pollingActivity(summary, d.in.Poll.Deploy.D(), limit)
}

// faultKind is the kind of fault that an activity ended with; empty: another error.
func faultKind(err error) string {
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		return app.Type()
	}
	return string(train.FaultUnavailable) // the activity's time was over
}

// isRefusal says whether an activity ended with a refusal: nothing was done.
func isRefusal(err error) bool {
	return rules.KindOf(rules.FailureReason{Source: rules.FromWrite, Value: faultKind(err)}) == train.FailureDefinitive
}
