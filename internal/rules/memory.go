package rules

import (
	"slices"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
)

// Forget drops changed days that lie before a day.
func Forget(m *train.Memory, today calendar.Day) {
	past := func(c train.DayChange) bool { return c.Day.Before(today) }
	m.Skipped = slices.DeleteFunc(slices.Clone(m.Skipped), past)
	m.Added = slices.DeleteFunc(slices.Clone(m.Added), past)
}

// Skips says whether a day is skipped, and why.
func Skips(m *train.Memory, d calendar.Day) (why string, skipped bool) {
	for _, c := range m.Skipped {
		if c.Day == d {
			return calendar.Explain("skipped", ChangeName(c)), true
		}
	}
	return "", false
}

// ChangeName says why a day was changed, and by whom.
func ChangeName(c train.DayChange) string {
	if c.By == "" {
		return c.Why
	}
	return strings.TrimSpace(c.Why + " (" + c.By + ")")
}

// ChangedCalendar is a calendar with the train's changed days.
func ChangedCalendar(m *train.Memory, c calendar.Calendar) calendar.Calendar {
	for _, s := range m.Skipped {
		c.Skipped = append(slices.Clone(c.Skipped), calendar.Holiday{Day: s.Day, Name: ChangeName(s)})
	}
	for _, a := range m.Added {
		if ok, _ := c.Release(a.Day); !ok {
			c.Added = append(slices.Clone(c.Added), calendar.Holiday{Day: a.Day, Name: ChangeName(a)})
		}
	}
	return c
}

// RenewBefore is how long before its end our GitLab freeze is extended.
const RenewBefore = 30 * time.Minute

// NewFreeze is a freeze period from an instant until another, on whole minutes:
// GitLab's crons know no seconds.
func NewFreeze(from, until time.Time) *train.OwnFreeze {
	return &train.OwnFreeze{From: from.UTC().Truncate(time.Minute),
		Until: until.UTC().Add(time.Minute - 1).Truncate(time.Minute)}
}

// Extended is a freeze with a later end.
func Extended(f train.OwnFreeze) train.OwnFreeze {
	f.Until = f.Until.Add(freezeDefault)
	return f
}
