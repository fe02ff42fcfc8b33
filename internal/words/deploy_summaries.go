package words

import (
	"fmt"

	"github.com/release-train/release-train/internal/train"
)

// DeployAttempt is the summary of a deploy.
func DeployAttempt(tag string, env train.EnvironmentName, attempt int) string {
	return fmt.Sprintf("Deploy %s to %s, attempt %d", tag, env, attempt)
}

// MessagesOfDeploy is the summary of the delivery of a deploy's messages.
func MessagesOfDeploy(env train.EnvironmentName) string {
	return "Messages of a deploy to " + string(env)
}

// AttemptAt is the summary of the timer before an attempt.
func AttemptAt(env train.EnvironmentName, attempt int) string {
	return fmt.Sprintf("Attempt %d at %s", attempt, env)
}

// OtherDeployEndsFirst is the summary of waiting for another deploy.
func OtherDeployEndsFirst(env train.EnvironmentName) string {
	return "Another deploy to " + string(env) + " ends first"
}

// OtherJobEndsFirst is the summary of waiting for another deploy job.
func OtherJobEndsFirst(env train.EnvironmentName) string {
	return "Another deploy job of " + string(env) + " ends first"
}

// PipelineOffersJob is the summary of waiting for the tag's pipeline.
func PipelineOffersJob(tag, job string) string {
	return fmt.Sprintf("The pipeline of %s offers the job %s", tag, job)
}

// PlayJob is the summary of playing a job.
func PlayJob(tag, job string) string { return fmt.Sprintf("Play the job %s of %s", job, tag) }

// JobRuns is the summary of following a job.
func JobRuns(tag, job string) string { return fmt.Sprintf("The job %s of %s runs", job, tag) }

// CancelJob is the summary of cancelling the deploy job.
func CancelJob(job string) string { return "Cancel the job " + job }

// NewPipeline is the summary of a new pipeline on a tag that is put back.
func NewPipeline(tag string) string { return "New pipeline on " + tag }

// NewPipelineForOutdated is the summary of one in place of an outdated job's.
func NewPipelineForOutdated(tag string) string {
	return "New pipeline on " + tag + ", whose job is outdated"
}

// FluxRollsOut is the summary of waiting for Flux.
func FluxRollsOut(tag string, env train.EnvironmentName) string {
	return fmt.Sprintf("Flux rolls out %s on %s", tag, env)
}

// StartSmokeTests is the summary of starting the pipeline of smoke tests.
func StartSmokeTests(tag string) string { return "Start the smoke tests of " + tag }

// SmokeTestsRun is the summary of following it.
func SmokeTestsRun(tag string) string { return "The smoke tests of " + tag + " run" }

// WhatBecameOf is the summary of finding out about a deploy whose outcome is unknown.
func WhatBecameOf(tag string) string { return "What became of the deploy of " + tag }

// WhatDatadogSays is the summary of asking Datadog about a failure.
func WhatDatadogSays(tag string, env train.EnvironmentName) string {
	return "What Datadog says about " + tag + " on " + string(env)
}

// WhatRunsAt is the summary of reading what an environment runs.
func WhatRunsAt(env train.EnvironmentName) string { return "What " + string(env) + " runs" }

// HowItGoesBack is the summary of planning a rollback.
func HowItGoesBack(env train.EnvironmentName, to train.Version) string {
	return "How " + string(env) + " goes back to " + to.String()
}

// PutBackByJob is the summary of playing the job of a rollback.
func PutBackByJob(tag, job string) string { return fmt.Sprintf("Put %s back by the job %s", tag, job) }
