package train

import (
	"slices"
	"strings"
	"time"
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
	Day Day    `json:"day"`
	Why string `json:"why,omitempty"`
	By  string `json:"by,omitempty"`
}

// hold is the hold of a kind; nil when it does not stand.
func (m *Memory) hold(kind HoldKind) *Hold { return findHold(m.Holds, kind) }

// Holding says whether a hold of a kind is remembered.
func (m *Memory) Holding(kind HoldKind) bool { return m.hold(kind) != nil }

func findHold(holds []Hold, kind HoldKind) *Hold {
	i := slices.IndexFunc(holds, func(h Hold) bool { return h.Kind == kind })
	if i < 0 {
		return nil
	}
	return &holds[i]
}

func withoutHold(holds []Hold, kind HoldKind) []Hold {
	var rest []Hold
	for _, h := range holds {
		if h.Kind != kind {
			rest = append(rest, h)
		}
	}
	return rest
}

// set adds a hold or renews its reason; it stands since it was first set.
func setHold(holds []Hold, h Hold) []Hold {
	if old := findHold(holds, h.Kind); old != nil {
		h.Since = old.Since
	}
	return append(withoutHold(holds, h.Kind), h)
}

// Empty says that there is nothing to remember.
func (m *Memory) Empty() bool {
	return len(m.Holds) == 0 && m.Freeze == nil && len(m.Skipped) == 0 && len(m.Added) == 0
}

// Forget drops changed days that lie before a day.
func (m *Memory) Forget(today Day) {
	past := func(c DayChange) bool { return c.Day.Before(today) }
	m.Skipped = slices.DeleteFunc(slices.Clone(m.Skipped), past)
	m.Added = slices.DeleteFunc(slices.Clone(m.Added), past)
}

// Skips says whether a day is skipped, and why.
func (m *Memory) Skips(d Day) (why string, skipped bool) {
	for _, c := range m.Skipped {
		if c.Day == d {
			return because("skipped", c.words()), true
		}
	}
	return "", false
}

// words say why and by whom.
func (c DayChange) words() string {
	if c.By == "" {
		return c.Why
	}
	return strings.TrimSpace(c.Why + " (" + c.By + ")")
}

// Calendar is a calendar with the train's changed days.
func (m *Memory) Calendar(c Calendar) Calendar {
	for _, s := range m.Skipped {
		c.Skipped = append(slices.Clone(c.Skipped), Holiday{Day: s.Day, Name: s.words()})
	}
	for _, a := range m.Added {
		if ok, _ := c.Release(a.Day); !ok {
			c.Added = append(slices.Clone(c.Added), Holiday{Day: a.Day, Name: a.words()})
		}
	}
	return c
}

// RenewBefore is how long before its end our GitLab freeze is extended.
const RenewBefore = 30 * time.Minute

// Lengths of a hotfix freeze.
const (
	freezeDefault = 24 * time.Hour
	freezeLongest = 30 * 24 * time.Hour
)

// NewFreeze is a freeze period from an instant until another, on whole minutes:
// GitLab's crons know no seconds.
func NewFreeze(from, until time.Time) *OwnFreeze {
	return &OwnFreeze{From: from.UTC().Truncate(time.Minute), Until: until.UTC().Add(time.Minute - 1).Truncate(time.Minute)}
}

// Extended is the freeze with a later end.
func (f OwnFreeze) Extended() OwnFreeze {
	f.Until = f.Until.Add(freezeDefault)
	return f
}
