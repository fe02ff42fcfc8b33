package words

import (
	"fmt"
	"time"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
)

// Why a release ended.

// CancelledWhy says why a release ended that somebody cancelled.
func CancelledWhy(c train.Command) string { return fmt.Sprintf("Cancelled by %s: %s", c.By, c.Reason) }

// CancelledInTemporal says that it was cancelled without a command.
func CancelledInTemporal() string { return "Cancelled in Temporal." }

// NothingToRelease says that there is nothing new.
func NothingToRelease(branch string, deployed train.Version) string {
	return fmt.Sprintf("%s holds nothing since %s, which production runs.", branch, deployed)
}

// DepartedMeanwhile says which later release closed this one.
func DepartedMeanwhile(s train.Supersede) string {
	return fmt.Sprintf("%s departed while this release was open.", s.By)
}

// ReleasedWhy says when the candidate went to production.
func ReleasedWhy(s *train.State) string {
	return fmt.Sprintf("%s went to production %s.", s.Released, When(s.ReleasedAt, s.Train.Location()))
}

// RolledBackWhy says what production runs instead of the candidate.
func RolledBackWhy(d *train.Deploy) string {
	return fmt.Sprintf("%s was rolled back to %s in production.", d.Tag, d.Rollback.To)
}

// Why a release is held.

// DepartedLateReason says how late it departed.
func DepartedLateReason(late time.Duration) string {
	return fmt.Sprintf("departed %s after its cut time", span(late))
}

// HeldPastMidnightReason says that the cut comes a day late.
func HeldPastMidnightReason() string { return "the cut was held past midnight" }

// NoReleaseDayReason says why a release is held whose day is no release day any more.
func NoReleaseDayReason(day calendar.Day, why string) string {
	return day.String() + " is no longer a release day: " + why
}

// EnvironmentBusyReason says which workflow deploys there.
func EnvironmentBusyReason(other string, env train.EnvironmentName) string {
	return fmt.Sprintf("%s is deploying to %s", other, env)
}

// RolledBackReason says why a candidate is held that was rolled back.
func RolledBackReason(d train.Deploy) string {
	if d.Rollback == nil {
		return ""
	}
	why := d.Cause
	if d.Rollback.Reason != "" {
		why = d.Rollback.Reason
	}
	return fmt.Sprintf("%s was rolled back to %s: %s", d.Tag, d.Rollback.To, why)
}

// Why E2E has no result that counts; E2ECause says what its pipeline found.

// E2EReleaseEnded says that nobody waits for the run any more.
func E2EReleaseEnded() string { return "the release has ended" }

// E2EReplaced says that another run takes its place.
func E2EReplaced() string { return "another run replaces it" }

// E2EOnRolledBackStaging says that staging does not run the candidate any more.
func E2EOnRolledBackStaging(to train.Version) string {
	return "staging was rolled back to " + to.String()
}

// E2EPastDeadline says that it takes too long.
func E2EPastDeadline(deadline time.Time, zone *time.Location) string {
	return "it had not ended by " + When(deadline, zone)
}

// E2ENotFollowed says that contact with its pipeline was lost.
func E2ENotFollowed(problem string) string { return "its pipeline could not be followed: " + problem }

// ChangelogStartedBy says why a changelog does not start at what production runs.
func ChangelogStartedBy(c train.Command) string {
	return fmt.Sprintf("Started at %s by %s.", c.PreviousTag, c.By)
}

// What a release was doing when it got stuck, as a clause.

// ClosingOlderReleases is its first step.
func ClosingOlderReleases() string { return "closing older releases" }

// ReadingProduction is reading the changelog's base.
func ReadingProduction() string { return "reading what production runs" }

// ChoosingCommit is finding the commit to be tagged.
func ChoosingCommit() string { return "choosing the commit" }

// Tagging is making the candidate.
func Tagging(sha string) string { return "tagging " + train.ShortSHA(sha) }

// PublishingChangelog is making the changelog.
func PublishingChangelog() string { return "publishing the changelog" }

// WaitingForDeploy is waiting for another workflow that deploys.
func WaitingForDeploy(other string) string { return "waiting for " + other }

// WaitingForStaging is waiting until staging runs the candidate again.
func WaitingForStaging() string { return "waiting for staging" }
