package rules

import "github.com/release-train/release-train/internal/train"

// Replaces says that a release closes another one of its train: its day is the
// later one, whichever of the two departed first. Two that depart in the same
// moment so agree on which of them ends. A day has one workflow ID, of which
// only one execution is open, so that no two of the same day meet.
func Replaces(release, other string) bool {
	_, day, err := train.ParseReleaseID(release)
	_, otherDay, otherErr := train.ParseReleaseID(other)
	return err == nil && otherErr == nil && otherDay.Before(day)
}
