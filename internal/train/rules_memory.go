package train

import (
	"slices"
	"strings"
	"time"
)

// Forget drops changed days that lie before a day.
func Forget(m *Memory, today Day) {
	past := func(c DayChange) bool { return c.Day.Before(today) }
	m.Skipped = slices.DeleteFunc(slices.Clone(m.Skipped), past)
	m.Added = slices.DeleteFunc(slices.Clone(m.Added), past)
}

// Skips says whether a day is skipped, and why.
func Skips(m *Memory, d Day) (why string, skipped bool) {
	for _, c := range m.Skipped {
		if c.Day == d {
			return Explain("skipped", ChangeName(c)), true
		}
	}
	return "", false
}

// ChangeName says why a day was changed, and by whom.
func ChangeName(c DayChange) string {
	if c.By == "" {
		return c.Why
	}
	return strings.TrimSpace(c.Why + " (" + c.By + ")")
}

// ChangedCalendar is a calendar with the train's changed days.
func ChangedCalendar(m *Memory, c Calendar) Calendar {
	for _, s := range m.Skipped {
		c.Skipped = append(slices.Clone(c.Skipped), Holiday{Day: s.Day, Name: ChangeName(s)})
	}
	for _, a := range m.Added {
		if ok, _ := c.Release(a.Day); !ok {
			c.Added = append(slices.Clone(c.Added), Holiday{Day: a.Day, Name: ChangeName(a)})
		}
	}
	return c
}

// RenewBefore is how long before its end our GitLab freeze is extended.
const RenewBefore = 30 * time.Minute

// NewFreeze is a freeze period from an instant until another, on whole minutes:
// GitLab's crons know no seconds.
func NewFreeze(from, until time.Time) *OwnFreeze {
	return &OwnFreeze{From: from.UTC().Truncate(time.Minute), Until: until.UTC().Add(time.Minute - 1).Truncate(time.Minute)}
}

// Extended is a freeze with a later end.
func Extended(f OwnFreeze) OwnFreeze {
	f.Until = f.Until.Add(freezeDefault)
	return f
}
