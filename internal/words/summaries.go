package words

import (
	"fmt"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
)

// Summaries: the lines by which Temporal's Web UI names activities, timers and
// child workflows. Those of deploys are in deploy_summaries.go.

// ReleaseOf is the summary of a release, and what its tag says about itself.
func ReleaseOf(day calendar.Day, of string) string { return fmt.Sprintf("Release %s of %s", day, of) }

// MessagesOfRelease is the summary of the delivery of a release's messages.
func MessagesOfRelease(day calendar.Day, of string) string {
	return fmt.Sprintf("Messages of release %s of %s", day, of)
}

// Delivers is the summary of one delivery to a channel.
func Delivers(channel string, d train.DeliverInput) string {
	return channel + ": " + DeliveryTitle(d)
}

// DeliveriesEndFirst is the summary of the timer before a delivery goes on in a new run.
func DeliveriesEndFirst() string { return "Deliveries under way end before the next run" }

// TellsDatadog is the summary of an event that goes to Datadog.
func TellsDatadog(e train.DatadogEvent) string { return "Datadog: " + e.Title }

// WhichDayDeparts is the summary of planning a departure.
func WhichDayDeparts() string { return "Which release day departs now" }

// WhetherReleaseDeparted is the summary of the dead-man's switch.
func WhetherReleaseDeparted() string { return "Whether the release departed that should have" }

// OlderReleasesEndFirst is the summary of closing older releases.
func OlderReleasesEndFirst() string { return "Older releases of the train are told and end first" }

// WhatProductionRuns is the summary of reading the changelog's base.
func WhatProductionRuns() string { return "What production runs now" }

// WhichCommitIsReleased is the summary of choosing the commit.
func WhichCommitIsReleased(branch string) string { return "Which commit of " + branch + " is released" }

// WhetherStillReleaseDay is the summary of reading the calendar again.
func WhetherStillReleaseDay(day calendar.Day) string {
	return "Whether " + day.String() + " is still a release day"
}

// TagCommit is the summary of tagging a commit.
func TagCommit(sha string) string { return "Tag " + train.ShortSHA(sha) + " as the release candidate" }

// AdoptTag is the summary of taking over a tag that was made by hand.
func AdoptTag(tag string) string { return "Adopt " + tag + " as the release candidate" }

// WhatNewCandidateChanges is the summary of working out a new candidate.
func WhatNewCandidateChanges() string { return "What a new candidate would add and drop" }

// MarkTagBad is the summary of writing that mark.
func MarkTagBad(tag string) string { return "Mark " + tag + " as bad in GitLab" }

// ChangelogBetween is the summary of publishing a changelog.
func ChangelogBetween(from train.Version, to string) string {
	return "Changelog from " + from.String() + " to " + to
}

// E2EStartsAtItsTime is the summary of the timer before E2E.
func E2EStartsAtItsTime() string { return "E2E starts at its configured time" }

// StartE2E is the summary of starting E2E.
func StartE2E(tag string) string { return "Start E2E of " + tag + " on staging" }

// E2ERuns is the summary of following E2E.
func E2ERuns(tag string) string { return "E2E of " + tag + " runs on staging" }

// DeadlineOfE2E is the summary of the timer of its deadline.
func DeadlineOfE2E(tag string) string { return "Deadline of E2E of " + tag }

// WhatE2EFound is the summary of reading its report.
func WhatE2EFound(tag string) string { return "What E2E of " + tag + " found" }

// CancelE2ERun is the summary of cancelling a run that is replaced.
func CancelE2ERun(run int) string {
	return fmt.Sprintf("Cancel E2E run %d, which another one replaces", run)
}

// StagingRunsAgain is the summary of waiting until staging is back.
func StagingRunsAgain(tag string) string { return "Staging runs " + tag + " again" }

// WhatMayChange is the summary of the watch on all that may hold a step.
func WhatMayChange() string { return "Freezes, holds, tag, Flux and the production job" }

// ComesNext is the summary of the timer of a wait.
func ComesNext(w train.Waiting) string { return "Next: " + w.Next }

// WatchesUntilWindowCloses is the summary of the timer after production.
func WatchesUntilWindowCloses(tag string) string {
	return fmt.Sprintf("%s is in production: watching until the window closes", tag)
}

// TellTheTrain is the summary of passing on a command to the train.
func TellTheTrain(name train.CommandName) string { return "Tell the train: " + string(name) }

// ConfigurationOf is the summary of reading a train's configuration.
func ConfigurationOf(name string) string { return "The configuration of the train " + name }

// ReadsConfigurationAgain is the summary of the timer between two days of a train.
func ReadsConfigurationAgain(name string) string {
	return "The train " + name + " reads its configuration again"
}

// AsksAboutOurFreezeAgain is the summary of the timer until GitLab is asked about our freeze period.
func AsksAboutOurFreezeAgain() string { return "GitLab is asked about our freeze period again" }

// TellOpenReleases is the summary of handing them the memory.
func TellOpenReleases() string { return "Tell open releases what the train remembers" }

// CreateOurFreeze is the summary of creating our freeze period.
func CreateOurFreeze() string { return "Create our freeze period" }

// ChangeEndOfOurFreeze is the summary of bringing its end into line.
func ChangeEndOfOurFreeze() string { return "Change the end of our freeze period" }

// DeleteOurFreeze is the summary of deleting it.
func DeleteOurFreeze() string { return "Delete our freeze period" }

// TriesAgain is the summary of the wait after a failure outside the candidate.
func TriesAgain(doing string) string { return "Tried again: " + doing }

// BackgroundEnds is the summary of what a release that ends waits for.
func BackgroundEnds() string { return "What runs beside the release ends first" }

// AnswersPeople is the summary of the wait for the answer to a command.
func AnswersPeople() string { return "Who asked is answered" }

// TemporalCancel is who asks by Temporal's own cancel.
func TemporalCancel() string { return "somebody in Temporal" }
