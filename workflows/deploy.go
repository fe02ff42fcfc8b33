package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/train"
)

// DeployWorkflow is one attempt to bring a candidate to an environment. Its ID
// is the lock of what it deploys to. It outlives the release that started it,
// never repeats anything by itself, and ends with a value: errors are outcomes.
func DeployWorkflow(ctx workflow.Context, in train.DeployInput) (train.Deploy, error) {
	d := newDeploy(ctx, in)
	d.run(ctx)
	return d.Deploy, nil
}

type deploy struct {
	train.Deploy
	in   train.DeployInput
	door *door
	job  train.PipelineJob
}

func newDeploy(ctx workflow.Context, in train.DeployInput) *deploy {
	return &deploy{
		in:   in,
		door: &door{key: in.Key},
		Deploy: train.Deploy{
			Environment: in.Environment, Tag: in.Candidate.Tag, Attempt: in.Attempt, StartedAt: workflow.Now(ctx),
		},
	}
}

// run deploys as the process document says: the job in the tag's pipeline, then
// Flux, then smoke tests. The first step that does not succeed ends it.
func (d *deploy) run(ctx workflow.Context) {
	steps := []func(workflow.Context) bool{
		d.awaitPipelineJob,
		d.play,
		d.awaitJob,
		d.awaitRollout,
		d.smoke,
	}
	d.Outcome = train.DeploySucceeded
	for _, step := range steps {
		if !step(ctx) {
			break
		}
	}
	if d.Outcome == train.DeploySucceeded {
		d.Step = train.DeployDone
	}
	d.EndedAt = workflow.Now(ctx)
}

// ended records why the deploy goes no further.
func (d *deploy) ended(outcome train.DeployOutcome, cause string, args ...any) bool {
	d.Outcome, d.Cause = outcome, fmt.Sprintf(cause, args...)
	return false
}

// enter begins a step and tells the release, but of the rollout: that follows
// the job within minutes, and each telling costs both workflows events.
func (d *deploy) enter(ctx workflow.Context, step train.DeployStep, limit time.Duration) {
	d.Step, d.StepUntil = step, workflow.Now(ctx).Add(limit)
	progress := d.Deploy
	progress.Outcome = ""
	workflow.SetCurrentDetails(ctx, train.DeployDetails(progress, d.in))
	if d.in.ReleaseID != "" && step != train.DeployRollsOut {
		// A release that has ended meanwhile does not need to know: no wait, no error.
		workflow.SignalExternalWorkflow(ctx, d.in.ReleaseID, "", train.SignalDeployProgress, progress)
	}
}

// awaitPipelineJob waits until the tag's pipeline has been created and offers the deploy job.
func (d *deploy) awaitPipelineJob(ctx workflow.Context) bool {
	limit := d.in.Config.Limits.Job.D()
	d.Step, d.StepUntil = train.DeployWaitsForPipeline, workflow.Now(ctx).Add(limit)
	job, err := call(ctx, d.door, d.watching(fmt.Sprintf("The pipeline of %s offers the job %s", d.Tag, d.in.Config.Job), limit),
		gitlab.AwaitPipelineJob, train.AwaitPipelineJobInput{
			Project: d.in.Project, Candidate: d.in.Candidate, Job: d.in.Config.Job, Until: d.StepUntil, Poll: d.in.Poll.Deploy,
		})
	if err != nil {
		return d.ended(train.DeployFailed, "nothing was played: %s", sentence(err))
	}
	d.job, d.PipelineURL, d.JobURL = job, job.PipelineURL, job.JobURL
	if job.Problem != "" {
		return d.ended(train.DeployFailed, "nothing was played: %s", job.Problem)
	}
	return true
}

// play plays the deploy job, after the activity's last look at what must hold.
func (d *deploy) play(ctx workflow.Context) bool {
	if d.in.Config.Start == train.StartAutomatic {
		return d.readBefore(ctx) // the pipeline starts it, we only follow
	}
	played, err := write(ctx, d.door, train.StepPlay, 1, short(fmt.Sprintf("Play the job %s of %s", d.in.Config.Job, d.Tag)),
		deploys.PlayDeploy, func(key string) train.PlayDeployInput {
			return train.PlayDeployInput{Job: d.deployInput(key), Flux: d.in.Config.Flux}
		})
	if err != nil {
		return d.ended(train.DeployUnknown, "it is not known whether the job was played: %s", sentence(err))
	}
	d.Before = played.Before
	if played.Held != "" {
		d.Held = played.Holds
		return d.ended(train.DeployHeld, "nothing was played: %s", played.Held)
	}
	d.JobID, d.JobURL, d.Adopted = played.JobID, played.JobURL, played.Adopted
	return true
}

// readBefore notes what runs now: where a rollback would go.
func (d *deploy) readBefore(ctx workflow.Context) bool {
	running, err := call(ctx, d.door, short("What "+string(d.in.Environment)+" runs before the deploy"), flux.ReadVersion,
		train.ReadVersionInput{Project: d.in.Project, Flux: d.in.Config.Flux})
	if err != nil {
		return d.ended(train.DeployUnknown, "Flux could not be asked what runs: %s", sentence(err))
	}
	d.Before = running.Version
	return true
}

// deployInput plays the deploy job with all that must still hold.
func (d *deploy) deployInput(key string) train.PlayJobInput {
	in := d.playInput(d.in.Config.Job, d.in.NotAfter, key)
	in.Guard, in.After = d.in.Guard, d.in.After
	return in
}

func (d *deploy) playInput(job string, notAfter time.Time, key string) train.PlayJobInput {
	return train.PlayJobInput{
		Project: d.in.Project, PipelineID: d.job.PipelineID, Job: job, Candidate: d.in.Candidate, NotAfter: notAfter, Key: key,
	}
}

// awaitJob waits for the deploy job's end.
func (d *deploy) awaitJob(ctx workflow.Context) bool {
	limit := d.in.Config.Limits.Job.D()
	d.enter(ctx, train.DeployRunsJob, limit)
	ended, err := d.awaitJobNamed(ctx, d.in.Config.Job, true, limit)
	switch {
	case err != nil:
		return d.ended(train.DeployUnknown, "the job %s could not be followed: %s", d.in.Config.Job, sentence(err))
	case ended.TimedOut:
		return d.ended(train.DeployUnknown, "the job %s was still %s after its limit of %s", d.in.Config.Job, ended.Status, d.in.Config.Limits.Job)
	}
	d.JobURL = ended.URL
	if !ended.Succeeded() {
		return d.ended(train.DeployFailed, "the job %s ended %s", d.in.Config.Job, ended.Words())
	}
	return true
}

func (d *deploy) awaitJobNamed(ctx workflow.Context, job string, played bool, limit time.Duration) (train.EndedJob, error) {
	return call(ctx, d.door, d.watching(fmt.Sprintf("The job %s of %s runs", job, d.Tag), limit), gitlab.AwaitJob, train.AwaitJobInput{
		Project: d.in.Project, PipelineID: d.job.PipelineID, Job: job, Played: played, Until: d.StepUntil, Poll: d.in.Poll.Deploy,
	})
}

// awaitRollout waits until Flux reports that very tag ready.
func (d *deploy) awaitRollout(ctx workflow.Context) bool {
	limit := d.in.Config.Limits.Flux.D()
	d.enter(ctx, train.DeployRollsOut, limit)
	rollout, err := call(ctx, d.door, d.watching(fmt.Sprintf("Flux rolls out %s on %s", d.Tag, d.in.Environment), limit), flux.AwaitRollout,
		train.AwaitRolloutInput{Flux: d.in.Config.Flux, Candidate: d.in.Candidate, Until: d.StepUntil, Poll: d.in.Poll.Deploy})
	switch {
	case err != nil:
		return d.ended(train.DeployUnknown, "Flux could not be asked about the rollout: %s", sentence(err))
	case rollout.TimedOut:
		return d.ended(train.DeployUnknown, "Flux did not report %s ready within %s: %s", d.Tag, d.in.Config.Limits.Flux, rollout.Why)
	case !rollout.Done:
		return d.ended(train.DeployFailed, "the rollout failed: %s", rollout.Why)
	}
	return true
}

// smoke runs the smoke tests: a job of the same pipeline, or a pipeline of its own.
func (d *deploy) smoke(ctx workflow.Context) bool {
	config := d.in.Config.Smoke
	if config == nil {
		return true
	}
	limit := d.in.Config.Limits.Smoke.D()
	d.enter(ctx, train.DeploySmokeTests, limit)
	ended, err := d.runSmoke(ctx, config, limit)
	if ended.URL != "" {
		d.SmokeURL = ended.URL
	}
	switch {
	case err != nil:
		return d.ended(train.DeployUnknown, "the smoke tests could not be followed: %s", sentence(err))
	case ended.TimedOut:
		return d.ended(train.DeployUnknown, "the smoke tests were still %s after their limit of %s", ended.Status, d.in.Config.Limits.Smoke)
	case !ended.Succeeded():
		return d.ended(train.DeploySmokeRed, "the smoke tests ended %s", ended.Words())
	}
	return true
}

func (d *deploy) runSmoke(ctx workflow.Context, config *train.Smoke, limit time.Duration) (train.EndedJob, error) {
	if config.Project != "" {
		return d.smokeByPipeline(ctx, config, limit)
	}
	return d.smokeByJob(ctx, config.Job, limit)
}

// smokeByJob follows a job of the tag's pipeline, and plays it where it is manual.
func (d *deploy) smokeByJob(ctx workflow.Context, job string, limit time.Duration) (train.EndedJob, error) {
	ended, err := d.awaitJobNamed(ctx, job, false, limit)
	if err != nil || !ended.Playable() {
		return ended, err
	}
	played, err := write(ctx, d.door, train.StepSmoke, 1, short(fmt.Sprintf("Play the job %s of %s", job, d.Tag)),
		gitlab.PlayJob, func(key string) train.PlayJobInput { return d.playInput(job, time.Time{}, key) })
	switch {
	case err != nil:
		return ended, err
	case played.Held != "":
		ended.Status, ended.Reason = "unplayed", played.Held
		return ended, nil
	}
	return d.awaitJobNamed(ctx, job, true, limit)
}

func (d *deploy) smokeByPipeline(ctx workflow.Context, config *train.Smoke, limit time.Duration) (train.EndedJob, error) {
	started, err := write(ctx, d.door, train.StepSmoke, 1, short("Start the smoke tests of "+d.Tag), gitlab.StartPipeline,
		func(key string) train.StartPipelineInput {
			return train.StartPipelineInput{Project: config.Project, Ref: config.Ref, Variables: config.Variables, Since: d.StartedAt, Key: key}
		})
	if err != nil {
		return train.EndedJob{}, err
	}
	d.SmokeURL = started.URL
	return call(ctx, d.door, d.watching("The smoke tests of "+d.Tag+" run", limit), gitlab.AwaitPipeline, train.AwaitPipelineInput{
		Project: config.Project, PipelineID: started.ID, Until: d.StepUntil, Poll: d.in.Poll.Deploy,
	})
}

func (d *deploy) watching(summary string, limit time.Duration) workflow.ActivityOptions {
	return watching(summary, d.in.Poll.Deploy.D(), limit)
}
