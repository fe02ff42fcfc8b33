package words

import (
	"fmt"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
)

// Why a deploy did not bring its version where it was to be. Each is a clause,
// and most of them end with what the outside said.

// NoAnswer says that an activity's time was over.
func NoAnswer() string { return "no answer in time" }

// NothingPlayed says that no job was played, and why.
func NothingPlayed(why string) string { return "nothing was played: " + why }

// PlayRefused says that GitLab refused to play the job.
func PlayRefused(problem string) string { return "GitLab refused to play the job: " + problem }

// PlayNotKnown says that the play of the job may have taken effect.
func PlayNotKnown(problem string) string {
	return "it is not known whether the job was played: " + problem
}

// ToldToStop says that somebody wants the deploy stopped.
func ToldToStop() string { return "told to stop" }

// StoppedBy says who stopped the deploy.
func StoppedBy(s train.StopDeploy) string { return fmt.Sprintf("stopped by %s: %s", s.By, s.Reason) }

// StoppedButJobGoesOn says also that its job was not cancelled.
func StoppedButJobGoesOn(s train.StopDeploy, problem string) string {
	return StoppedBy(s) + ". GitLab did not cancel the job: " + problem
}

// OutdatedAgain says that a new pipeline on the same tag did not help.
func OutdatedAgain(refusal string) string { return refusal + ", and its new pipeline too" }

// OutdatedAndNoNewPipeline says that there is no new pipeline on the same tag.
func OutdatedAndNoNewPipeline(refusal, problem string) string {
	return fmt.Sprintf("%s, and a new pipeline on it was not made: %s", refusal, problem)
}

// JobDropped says that GitLab did not run a job because it is outdated.
func JobDropped(tag, job string) string {
	return fmt.Sprintf("GitLab dropped the job %s of %s as outdated", job, tag)
}

// JobNotFollowed says that contact with the job was lost.
func JobNotFollowed(job, problem string) string {
	return fmt.Sprintf("the job %s could not be followed: %s", job, problem)
}

// JobPastLimit says that the job took too long.
func JobPastLimit(job string, seen train.EndedJob, limit calendar.Duration) string {
	return fmt.Sprintf("the job %s was still %s after its limit of %s", job, seen.Status, limit)
}

// JobBroke says how the job ended, and what that means.
func JobBroke(job string, ended train.EndedJob) string { return broke("the job "+job, ended) }

// SmokeTestsBroke says how smoke tests ended that found nothing out.
func SmokeTestsBroke(ended train.EndedJob) string { return broke("the smoke tests", ended) }

func broke(what string, ended train.EndedJob) string {
	return fmt.Sprintf("%s ended %s: %s", what, EndedWords(ended), FailureMeans(rules.JobFailure(ended)))
}

// RolloutNotAsked says that contact with Flux was lost.
func RolloutNotAsked(problem string) string {
	return "Flux could not be asked about the rollout: " + problem
}

// RolloutPastLimit says that the rollout took too long.
func RolloutPastLimit(tag string, seen train.Rollout, limit calendar.Duration) string {
	return fmt.Sprintf("Flux did not report %s ready within %s: %s", tag, limit, seen.Why)
}

// RolloutFailed says what Flux reported, and what that means.
func RolloutFailed(why string, reason rules.FailureReason) string {
	return fmt.Sprintf("the rollout failed: %s. %s", why, FailureMeans(reason))
}

// SmokeTestsNotStarted says why smoke tests were not played.
func SmokeTestsNotStarted(why string) string { return "they were not started: " + why }

// SmokeTestsNotFollowed says that contact with them was lost.
func SmokeTestsNotFollowed(problem string) string {
	return "the smoke tests could not be followed: " + problem
}

// SmokeTestsPastLimit says that they took too long.
func SmokeTestsPastLimit(seen train.EndedJob, limit calendar.Duration) string {
	return fmt.Sprintf("the smoke tests were still %s after their limit of %s", seen.Status, limit)
}

// SmokeTestsRed says that they found something.
func SmokeTestsRed(ended train.EndedJob) string { return "the smoke tests ended " + EndedWords(ended) }

// DeployEndedEarly says that the deploy did not come to its end.
func DeployEndedEarly(problem string) string {
	return "the deploy workflow itself ended early: " + problem
}

// AndFound adds to a cause what was found out afterwards.
func AndFound(cause, found string) string { return cause + ". Found: " + found }

// AndNobodyKnows adds to a cause that nothing could be found out.
func AndNobodyKnows(cause, problem string) string {
	return cause + ". Neither GitLab nor Flux could be asked what became of it: " + problem
}

// Why a rollback was made, and why it did not put its version back.

// RollbackAskedFor says who asked for a rollback.
func RollbackAskedFor(o train.RollbackOrder) string {
	return fmt.Sprintf("a rollback was asked for by %s: %s", o.By, o.Reason)
}

// BeforeNotKnown says that there is nothing to go back to.
func BeforeNotKnown() string { return "it is not known what ran before" }

// BeforeNotKnownToWaitFor says that the pipeline's own rollback cannot be seen.
func BeforeNotKnownToWaitFor() string {
	return "it is not known what ran before, so nothing can be waited for"
}

// BeforeHasNoTag says that what ran before cannot be deployed.
func BeforeHasNoTag(before train.Version) string {
	return fmt.Sprintf("what ran before, %s, has no tag", before)
}

// RunsThere says that a version is not to be put back where it runs.
func RunsThere(tag string) string { return tag + " runs there" }

// WayBackNotFound says that no rollback could be planned.
func WayBackNotFound(problem string) string { return "it could not be found out how: " + problem }

// WayRefused says why a way back was not taken.
func WayRefused(way train.RollbackMethod, why string) string { return fmt.Sprintf("%s: %s", way, why) }

// WayNotKnown says that a way back may have been taken.
func WayNotKnown(tag string, way train.RollbackMethod, problem string) string {
	return fmt.Sprintf("it is not known whether %s was started by %s: %s", tag, way, problem)
}

// NoWayLeft says that every way back was refused.
func NoWayLeft() string { return "no way back was left" }

// NoJobToPlay says that a way back offers no job, and why.
func NoJobToPlay(why string) string { return "no job can be played: " + why }

// OtherJobStillRuns says that another deploy job does not end.
func OtherJobStillRuns(busy string) string {
	return busy + " still runs: cancel it in GitLab, then roll back again"
}
