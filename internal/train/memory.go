package train

import (
	"time"

	"github.com/release-train/release-train/internal/calendar"
)

// Memory is what a train remembers from one release to the next: pause, hotfix
// freeze, skipped and added days. TrainWorkflow owns it; an open release holds a
// copy. PRODUCT.md sections 2 and 4.
type Memory struct {
	// Revision grows with every change; a copy with a higher one is newer.
	Revision int64 `json:"revision,omitempty"`
	// Holds are pause and hotfix.
	Holds []Hold `json:"holds,omitempty"`
	// Freeze is our GitLab freeze period; nil: there is none.
	Freeze *OwnFreeze `json:"freeze,omitempty"`
	// Skipped and Added are changes of the calendar that need no edit of release.yaml.
	Skipped []DayChange `json:"skipped,omitempty"`
	Added   []DayChange `json:"added,omitempty"`
}

// OwnFreeze is the GitLab freeze period of a hotfix freeze. Its crons recur
// every year, so it is deleted at the lift.
type OwnFreeze struct {
	// ID is GitLab's; 0: it does not exist (yet).
	ID int64 `json:"id,omitempty"`
	// From and Until are whole minutes in UTC.
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	// Applied is the end that GitLab has; another one than Until is being changed.
	Applied time.Time `json:"applied,omitzero"`
	// Problem says why GitLab refused; empty: it did not.
	Problem string `json:"problem,omitempty"`
}

// DayChange skips or adds a release day.
type DayChange struct {
	Day calendar.Day `json:"day"`
	Why string       `json:"why,omitempty"`
	By  string       `json:"by,omitempty"`
}

// Holding says whether a hold of a kind is remembered.
func (m *Memory) Holding(kind HoldKind) bool { return FindHold(m.Holds, kind) != nil }

// Empty says that there is nothing to remember.
func (m *Memory) Empty() bool {
	return len(m.Holds) == 0 && m.Freeze == nil && len(m.Skipped) == 0 && len(m.Added) == 0
}
