package train

import (
	"slices"
	"time"
)

func skipDayCommand() Definition {
	return Definition{
		Name: SkipDay, NeedsReason: true, OfTrain: true, Fields: []string{"day"}, Required: []string{"day"}, Precedence: ActsInOrder,
		Example:  Command{Day: Day{2026, 12, 1}, Reason: "company meeting"},
		remember: rememberSkippedDay,
	}
}

func addDayCommand() Definition {
	return Definition{
		Name: AddDay, NeedsReason: true, OfTrain: true, Fields: []string{"day"}, Required: []string{"day"}, Precedence: ActsInOrder,
		Example:  Command{Day: Day{2026, 12, 4}, Reason: "before the holidays"},
		remember: rememberAddedDay,
	}
}

// daysKept bounds the changed days that a train remembers.
const daysKept = 60

func rememberSkippedDay(m *Memory, c Command, now time.Time, zone *time.Location) (Effect, *Refusal) {
	if refusal := notAhead(c.Day, now, zone); refusal != nil {
		return Effect{}, refusal
	}
	if why, skipped := Skips(m, c.Day); skipped {
		return Effect{}, &Refusal{Code: RefusedDayAlreadySkipped, Day: c.Day, Detail: why}
	}
	if len(m.Skipped) >= daysKept {
		return Effect{}, &Refusal{Code: RefusedTooManySkippedDays, Limit: daysKept}
	}
	m.Added = withoutDay(m.Added, c.Day)
	m.Skipped = append(withoutDay(m.Skipped, c.Day), DayChange{Day: c.Day, Why: c.Reason, By: c.By})
	return Effect{Day: c.Day}, nil
}

func rememberAddedDay(m *Memory, c Command, now time.Time, zone *time.Location) (Effect, *Refusal) {
	if refusal := notAhead(c.Day, now, zone); refusal != nil {
		return Effect{}, refusal
	}
	if _, skipped := Skips(m, c.Day); skipped {
		m.Skipped = withoutDay(m.Skipped, c.Day)
		return Effect{Day: c.Day, Unskipped: true}, nil
	}
	if len(m.Added) >= daysKept {
		return Effect{}, &Refusal{Code: RefusedTooManyAddedDays, Limit: daysKept}
	}
	m.Added = append(withoutDay(m.Added, c.Day), DayChange{Day: c.Day, Why: c.Reason, By: c.By})
	return Effect{Day: c.Day}, nil
}

// notAhead refuses a day that is not ahead, or so far ahead that it is a slip of the pen.
func notAhead(d Day, now time.Time, zone *time.Location) *Refusal {
	today := DayOf(now.In(zone))
	if !today.Before(d) {
		return &Refusal{Code: RefusedDayNotAhead, Field: "day", Day: d, Today: today}
	}
	if farthest := today.Add(LookAhead); farthest.Before(d) {
		return &Refusal{Code: RefusedDayTooFar, Field: "day", Day: d, Today: farthest}
	}
	return nil
}

func withoutDay(list []DayChange, d Day) []DayChange {
	return slices.DeleteFunc(slices.Clone(list), func(c DayChange) bool { return c.Day == d })
}
