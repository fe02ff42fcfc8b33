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

// FreezeCall is what has to be asked of GitLab about our freeze period.
type FreezeCall string

// Calls about our freeze period.
const (
	// FreezeSettled: nothing is to be asked.
	FreezeSettled FreezeCall = ""
	// FreezeDropped: GitLab never made it, and it is not wanted any more.
	FreezeDropped FreezeCall = "drop"
	FreezeCreated FreezeCall = "create"
	FreezeChanged FreezeCall = "change"
	FreezeDeleted FreezeCall = "delete"
)

// NextFreezeCall brings GitLab's freeze period into line with the hold hotfix: with it the period exists,
// without it it does not.
func NextFreezeCall(m *train.Memory, now time.Time) FreezeCall {
	f, held := m.Freeze, m.Holding(train.HoldHotfix)
	switch {
	case f == nil:
		return FreezeSettled
	case !held && f.ID == 0 && !f.Unknown:
		return FreezeDropped
	case now.Before(f.TryAgainAt):
		return FreezeSettled
	case !held:
		return FreezeDeleted
	case f.ID == 0 && (f.Problem == "" || f.Unknown):
		return FreezeCreated
	case f.ID != 0 && (!f.Applied.Equal(f.Until) || !now.Before(f.Until.Add(-RenewBefore))):
		return FreezeChanged
	}
	return FreezeSettled
}

// FreezeWakesAt is when GitLab is to be asked again by itself; zero: not before somebody orders it.
func FreezeWakesAt(m *train.Memory) time.Time {
	f := m.Freeze
	switch {
	case f == nil:
		return time.Time{}
	case !f.TryAgainAt.IsZero():
		return f.TryAgainAt
	case m.Holding(train.HoldHotfix) && f.ID != 0:
		return f.Until.Add(-RenewBefore)
	}
	return time.Time{}
}

// TryFreezeAgainAfter is how long after a refusal GitLab is asked again.
const TryFreezeAgainAfter = 5 * time.Minute

// AskedFreeze is the freeze period as GitLab is asked for it now. One that may exist already is asked for
// with the values that it would have, so that it is found.
func AskedFreeze(m *train.Memory, call FreezeCall, now time.Time) train.OwnFreeze {
	f := *m.Freeze
	switch {
	case call == FreezeChanged && !now.Before(f.Until.Add(-RenewBefore)):
		return Extended(f)
	case f.ID == 0 && f.Unknown:
		f.Until = f.Applied
	}
	return f
}

// TakeFreezeResult remembers what came of a call about our freeze period: what GitLab did, or the problem.
// The hold may have changed meanwhile. It says whether anything is different.
func TakeFreezeResult(m *train.Memory, call FreezeCall, asked train.OwnFreeze, result train.FreezeResult,
	problem string, now time.Time) bool {
	if m.Freeze == nil {
		return false
	}
	f := *m.Freeze
	f.Problem, f.TryAgainAt = problem, time.Time{}
	switch {
	case call == FreezeDeleted && problem != "" && m.Holding(train.HoldHotfix): // it is wanted again
		f.Problem = ""
	case problem != "":
		f.Unknown = f.Unknown || call == FreezeCreated && result.Unknown
		if call == FreezeCreated {
			f.Applied = asked.Until
		}
		if call != FreezeCreated || f.Unknown {
			f.TryAgainAt = now.Add(TryFreezeAgainAfter)
		}
	case call == FreezeDeleted && !m.Holding(train.HoldHotfix):
		m.Freeze = nil
		return true
	case call == FreezeDeleted || result.Gone: // the hold stands: it is created anew
		f.ID, f.Unknown, f.Applied = 0, false, time.Time{}
	default:
		f.ID, f.Unknown, f.Applied = result.ID, false, asked.Until
	}
	if call == FreezeChanged && asked.Until.After(f.Until) {
		f.Until = asked.Until
	}
	old := *m.Freeze
	m.Freeze = &f
	old.TryAgainAt = f.TryAgainAt
	return old != f
}

// FreezeSettledIn says that GitLab has answered about our freeze period, as it should be or with a problem.
func FreezeSettledIn(m *train.Memory) bool {
	f := m.Freeze
	if f == nil || f.Problem != "" {
		return true
	}
	return m.Holding(train.HoldHotfix) && f.ID != 0 && f.Applied.Equal(f.Until)
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

// answersKept bounds the commands that a train remembers as decided.
const answersKept = 100

// AnsweredBefore says whether a command was decided already, and why it was refused; nil: it was accepted.
func AnsweredBefore(answered []train.AnsweredCommand, id string) (refused *train.Refusal, known bool) {
	i := slices.IndexFunc(answered, func(a train.AnsweredCommand) bool { return a.ID == id })
	if id == "" || i < 0 {
		return nil, false
	}
	return answered[i].Refused, true
}

// RememberAnswer remembers a command as decided.
func RememberAnswer(answered []train.AnsweredCommand, id string, refused *train.Refusal) []train.AnsweredCommand {
	if id == "" || len(id) > train.LongestField {
		return answered
	}
	answered = append(slices.Clone(answered), train.AnsweredCommand{ID: id, Refused: refused})
	return answered[max(0, len(answered)-answersKept):]
}

// EndsHold says whether a command of the train only ends a hold.
func EndsHold(name train.CommandName) bool {
	return name == train.Resume || name == train.LiftHotfixFreeze
}
