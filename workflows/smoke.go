package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// smoke runs the smoke tests: a job of the same pipeline, or a pipeline of its own.
func (w *way) smoke(ctx workflow.Context) *setback {
	config := w.in.Config.Smoke
	if config == nil {
		return nil
	}
	limit := w.in.Config.Limits.Smoke.D()
	w.enter(ctx, train.DeploySmokeTests, limit)
	ended, err := w.runSmoke(ctx, config, limit)
	if ended.URL != "" {
		w.run.SmokeURL = ended.URL
	}
	w.run.SmokeJobID = ended.ID
	switch {
	case err != nil:
		return back(train.DeployUnknown, train.FailureUnknown, words.SmokeTestsNotFollowed(sentence(err)))
	case ended.TimedOut:
		return back(train.DeployUnknown, train.FailureUnknown, words.SmokeTestsPastLimit(ended, w.in.Config.Limits.Smoke))
	case rules.FoundFailures(ended):
		return back(train.DeploySmokeRed, train.FailureDefinitive, words.SmokeTestsRed(ended))
	case !ended.Succeeded(): // what broke down says nothing about the version
		return broke(ended, words.SmokeTestsBroke(ended))
	}
	return nil
}

func (w *way) runSmoke(ctx workflow.Context, config *train.Smoke, limit time.Duration) (train.EndedJob, error) {
	if config.Project != "" {
		return w.smokeByPipeline(ctx, config, limit)
	}
	return w.smokeByJob(ctx, config.Job, limit)
}

// smokeByJob follows a job of the tag's pipeline. It plays it where it is manual,
// and runs it again where it is the one of an earlier attempt.
func (w *way) smokeByJob(ctx workflow.Context, job string, limit time.Duration) (train.EndedJob, error) {
	ended, err := w.awaitJobNamed(ctx, job, false, limit)
	earlier := ended.ID != 0 && ended.ID == w.after.SmokeJobID
	if err != nil || !ended.Playable() && !earlier {
		return ended, err
	}
	played, err := write(ctx, w.steady, train.StepSmoke, w.attempt, short(words.PlayJob(w.candidate.Tag, job)),
		gitlab.PlayJob, func(key string) train.PlayJobInput {
			in := w.playInput(job, time.Time{}, key)
			in.After = w.after.SmokeJobID
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

func (w *way) smokeByPipeline(ctx workflow.Context, config *train.Smoke, limit time.Duration) (train.EndedJob, error) {
	started, err := write(ctx, w.steady, train.StepSmoke, w.attempt, short(words.StartSmokeTests(w.candidate.Tag)),
		gitlab.StartPipeline, func(key string) train.StartPipelineInput {
			return train.StartPipelineInput{
				Project: config.Project, Ref: config.Ref, Variables: config.Variables, Since: w.StartedAt, Key: key,
			}
		})
	if err != nil {
		return train.EndedJob{}, err
	}
	w.run.SmokeURL = started.URL
	return call(ctx, w.door, w.watching(words.SmokeTestsRun(w.candidate.Tag), limit), gitlab.AwaitPipeline,
		train.AwaitPipelineInput{
			Project: config.Project, PipelineID: started.ID, Until: w.StepUntil, Poll: w.in.Poll.Deploy,
		})
}
