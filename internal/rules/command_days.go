package rules

import (
	"slices"
	"time"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
)

func skipDayCommand() Definition {
	return Definition{
		Name: train.SkipDay, NeedsReason: true, OfTrain: true, Fields: []string{"day"},
		Required: []string{"day"}, Precedence: actsInOrder,
		Example:  train.Command{Day: calendar.Day{Year: 2026, Month: 12, Day: 1}, Reason: "company meeting"},
		remember: rememberSkippedDay,
	}
}

func addDayCommand() Definition {
	return Definition{
		Name: train.AddDay, NeedsReason: true, OfTrain: true, Fields: []string{"day"},
		Required: []string{"day"}, Precedence: actsInOrder,
		Example:  train.Command{Day: calendar.Day{Year: 2026, Month: 12, Day: 4}, Reason: "before the holidays"},
		remember: rememberAddedDay,
	}
}

// daysKept bounds the changed days that a train remembers.
const daysKept = 60

func rememberSkippedDay(m *train.Memory, c train.Command, now time.Time, zone *time.Location) (Effect, *train.Refusal) {
	if refusal := notAhead(c.Day, now, zone); refusal != nil {
		return Effect{}, refusal
	}
	if why, skipped := Skips(m, c.Day); skipped {
		return Effect{}, &train.Refusal{Code: train.RefusedDayAlreadySkipped, Day: c.Day, Detail: why}
	}
	if len(m.Skipped) >= daysKept {
		return Effect{}, &train.Refusal{Code: train.RefusedTooManySkippedDays, Limit: daysKept}
	}
	m.Added = withoutDay(m.Added, c.Day)
	m.Skipped = append(withoutDay(m.Skipped, c.Day), train.DayChange{Day: c.Day, Why: c.Reason, By: c.By})
	return Effect{Day: c.Day}, nil
}

func rememberAddedDay(m *train.Memory, c train.Command, now time.Time, zone *time.Location) (Effect, *train.Refusal) {
	if refusal := notAhead(c.Day, now, zone); refusal != nil {
		return Effect{}, refusal
	}
	if _, skipped := Skips(m, c.Day); skipped {
		m.Skipped = withoutDay(m.Skipped, c.Day)
		return Effect{Day: c.Day, Unskipped: true}, nil
	}
	if len(m.Added) >= daysKept {
		return Effect{}, &train.Refusal{Code: train.RefusedTooManyAddedDays, Limit: daysKept}
	}
	m.Added = append(withoutDay(m.Added, c.Day), train.DayChange{Day: c.Day, Why: c.Reason, By: c.By})
	return Effect{Day: c.Day}, nil
}

// notAhead refuses a day that is not ahead, or so far ahead that it is a slip of the pen.
func notAhead(d calendar.Day, now time.Time, zone *time.Location) *train.Refusal {
	today := calendar.DayOf(now.In(zone))
	if !today.Before(d) {
		return &train.Refusal{Code: train.RefusedDayNotAhead, Field: "day", Day: d, Today: today}
	}
	if farthest := today.Add(calendar.LookAhead); farthest.Before(d) {
		return &train.Refusal{Code: train.RefusedDayTooFar, Field: "day", Day: d, Today: farthest}
	}
	return nil
}

func withoutDay(list []train.DayChange, d calendar.Day) []train.DayChange {
	return slices.DeleteFunc(slices.Clone(list), func(c train.DayChange) bool { return c.Day == d })
}
