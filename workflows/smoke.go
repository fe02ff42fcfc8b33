package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// runSmokeTests runs the smoke tests: a job of the same pipeline, or a pipeline of its own.
func (w *deployment) runSmokeTests(ctx workflow.Context) *stepFailure {
	config := w.in.Config.Smoke
	if config == nil {
		return nil
	}
	limit := w.in.Config.Limits.Smoke.D()
	w.enterStep(ctx, train.DeploySmokeTests, limit)
	ended, err := w.awaitSmokeTests(ctx, config, limit)
	if ended.URL != "" {
		w.record.SmokeURL = ended.URL
	}
	w.record.SmokeJobID = ended.ID
	switch {
	case err != nil:
		return failStep(train.DeployUnknown, train.FailureUnknown, words.SmokeTestsNotFollowed(errorSentence(err)))
	case ended.TimedOut:
		return failStep(train.DeployUnknown, train.FailureUnknown, words.SmokeTestsPastLimit(ended, w.in.Config.Limits.Smoke))
	case rules.FoundFailures(ended):
		return failStep(train.DeploySmokeRed, train.FailureDefinitive, words.SmokeTestsRed(ended))
	case !ended.Succeeded(): // what broke down says nothing about the version
		return brokenDown(ended, words.SmokeTestsBroke(ended))
	}
	return nil
}

func (w *deployment) awaitSmokeTests(ctx workflow.Context, config *train.Smoke,
	limit time.Duration) (train.EndedJob, error) {
	if config.Project != "" {
		return w.smokeTestsByPipeline(ctx, config, limit)
	}
	return w.smokeTestsByJob(ctx, config.Job, limit)
}

// smokeTestsByJob follows a job of the tag's pipeline. It plays it where it is manual.
// One that began before Flux reported the version ready says nothing about it,
// however it ended: it is run again, once.
func (w *deployment) smokeTestsByJob(ctx workflow.Context, job string, limit time.Duration) (train.EndedJob, error) {
	ended, err := w.awaitJobNamed(ctx, job, false, limit)
	ours := ended.ID != 0 && ended.ID == w.earlier.SmokeJobID
	tooEarly := !ended.Playable() && (ours || rules.BeganBefore(ended, w.readyAt))
	if err != nil || ended.TimedOut || !ended.Playable() && !tooEarly {
		return ended, err
	}
	if tooEarly && !ours { // it may have been awaited, and that is not to be taken from the time of the next run
		w.enterStep(ctx, train.DeploySmokeTests, limit)
	}
	played, err := write(ctx, w.uninterruptible, train.StepSmoke, w.attempt,
		shortActivity(words.PlayJob(w.candidate.Tag, job)),
		gitlab.PlayJob, func(key string) train.PlayJobInput {
			in := w.playInput(job, time.Time{}, key)
			if tooEarly {
				in.After = ended.ID
			}
			return in
		})
	switch {
	case err != nil:
		return ended, err
	case played.Held != "":
		return ended, errors.New(words.SmokeTestsNotStarted(played.Held))
	}
	return w.awaitJobNamed(ctx, job, true, limit)
}

func (w *deployment) smokeTestsByPipeline(ctx workflow.Context, config *train.Smoke,
	limit time.Duration) (train.EndedJob, error) {
	started, err := write(ctx, w.uninterruptible, train.StepSmoke, w.attempt,
		shortActivity(words.StartSmokeTests(w.candidate.Tag)),
		gitlab.StartPipeline, func(key string) train.StartPipelineInput {
			return train.StartPipelineInput{
				Project: config.Project, Ref: config.Ref, Variables: config.Variables, Since: w.StartedAt, Key: key,
			}
		})
	if err != nil {
		return train.EndedJob{}, err
	}
	w.record.SmokeURL = started.URL
	return call(ctx, w.interruptible, w.pollingActivity(words.SmokeTestsRun(w.candidate.Tag), limit), gitlab.AwaitPipeline,
		train.AwaitPipelineInput{
			Project: config.Project, PipelineID: started.ID, Until: w.StepUntil, Poll: w.in.Poll.Deploy,
		})
}
