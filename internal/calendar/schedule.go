package calendar

import (
	"slices"
	"time"
)

// WatchdogAfter is how long after a cut time the dead-man's switch looks for the release.
const WatchdogAfter = 30 * time.Minute

// ScheduleSpec is the Temporal Schedule of a train's departures as plain data.
// It fires exactly at the cut instants of the calendar within its horizon.
type ScheduleSpec struct {
	// Zone is the IANA zone of all entries.
	Zone string
	// At is the time of day of all entries.
	At Clock
	// Weekdays are the cut days of an ordinary week.
	Weekdays []time.Weekday
	// Added are further cut days, Skipped are weekdays that are none.
	Added   []Day
	Skipped []Day
}

// ScheduleSpec works out the schedule: weekly entries for an ordinary week, and
// dated entries wherever holidays, added or moved days make a difference.
func (t Timetable) ScheduleSpec(today Day) ScheduleSpec {
	spec := ScheduleSpec{Zone: t.Zone.String(), At: t.Cut}
	ordinary := Calendar{Weekdays: t.Calendar.Weekdays}
	for _, w := range t.Calendar.Weekdays {
		release := today.Add((int(w) - int(today.Weekday()) + 7) % 7)
		spec.Weekdays = append(spec.Weekdays, ordinary.cutDay(release).Weekday())
	}
	slices.Sort(spec.Weekdays)
	spec.Weekdays = slices.Compact(spec.Weekdays)

	// Begin before today: a departure that was missed is caught up with the
	// entries of today's Schedule.
	first, days := today.Add(-margin), t.checkedDays(today)
	cuts := map[Day]bool{}
	t.Calendar.releaseDays(first, days+margin, func(d Day) bool {
		cuts[t.Calendar.cutDay(d)] = true
		return true
	})
	for i := range days {
		d := first.Add(i)
		weekly := slices.Contains(spec.Weekdays, d.Weekday())
		switch {
		case cuts[d] && !weekly:
			spec.Added = append(spec.Added, d)
		case !cuts[d] && weekly:
			spec.Skipped = append(spec.Skipped, d)
		}
	}
	return spec
}

// Fires says whether the schedule fires on a day.
func (s ScheduleSpec) Fires(d Day) bool {
	if slices.Contains(s.Added, d) {
		return true
	}
	return slices.Contains(s.Weekdays, d.Weekday()) && !slices.Contains(s.Skipped, d)
}
