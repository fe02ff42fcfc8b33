package calendar

import (
	"fmt"
	"slices"
	"time"
)

// Problem is one thing wrong with the times and the calendar of a train.
type Problem struct {
	// Path is the key below the train, e.g. "calendar.moved[0].to".
	Path string
	// Sentence says what is wrong and what would be right.
	Sentence string
}

const (
	// horizon is how far ahead the calendar is checked, in days: two years.
	horizon = 2 * 366
	// margin is added on both sides of a checked span, in days, so that a cut
	// and its release day are seen together.
	margin = 14
	// oldestYear and farthestYears bound the days of a calendar; one outside
	// is a slip of the pen, and would make every search through it endless.
	oldestYear    = 2000
	farthestYears = 10
)

// Check finds what is wrong with the times and the calendar of a train, for
// two years from a day on and for all days that the calendar names. The shape
// of the configuration has been checked, and left out values are filled in.
func (t Timetable) Check(today Day) []Problem {
	if wild := t.Calendar.checkDays(today); len(wild) > 0 {
		return wild
	}
	return slices.Concat(t.checkTimes(), t.Calendar.checkEntries(), t.checkCuts(today))
}

func (t Timetable) checkTimes() []Problem {
	var out []Problem
	if !t.Opens.before(t.Closes) {
		out = append(out, Problem{"window.closes",
			fmt.Sprintf("the window closes at %s, which is not after it opens at %s: close it later on the same day", t.Closes,
				t.Opens)})
	}
	if t.Cut.Hour < 4 {
		out = append(out, Problem{"cut.at",
			fmt.Sprintf("%s is a time that daylight saving skips or repeats: cut at 04:00 or later", t.Cut)})
	}
	if c := t.Calendar; len(c.Weekdays) == 0 && len(c.Added) == 0 {
		out = append(out, Problem{"calendar.weekdays", "there is no release day: name at least one weekday or added day"})
	}
	return out
}

// checkDays refuses days that are missing or centuries away.
func (c Calendar) checkDays(today Day) []Problem {
	var out []Problem
	for _, n := range c.namedDays() {
		switch {
		case n.day.IsZero():
			out = append(out, Problem{n.path, "the day is missing: write YYYY-MM-DD, for example 2026-11-26"})
		case n.day.Year < oldestYear || n.day.Year > today.Year+farthestYears:
			out = append(out, Problem{n.path, fmt.Sprintf("%s is too far from today, %s: check the year", n.day, today)})
		}
	}
	return out
}

// checkEntries refuses entries of the calendar that contradict one another.
func (c Calendar) checkEntries() []Problem {
	var out []Problem
	refuse := func(path, format string, args ...any) {
		out = append(out, Problem{path, fmt.Sprintf(format, args...)})
	}
	seen := map[string]string{} // list and day -> path of the first entry
	for _, n := range c.namedDays() {
		id := n.list + n.day.String()
		if first, twice := seen[id]; twice {
			refuse(n.path, "%s stands here twice, first as %s: remove one of them", n.day, first)
			continue
		}
		seen[id] = n.path
	}
	plain := Calendar{Weekdays: c.Weekdays, Holidays: c.Holidays}
	for i, a := range c.Added {
		if ok, _ := plain.Release(a.Day); ok {
			refuse(fmt.Sprintf("calendar.added[%d].day", i), "%s is a release day already: remove the entry", a.Day)
		}
	}
	for i, m := range c.Moved {
		from, to := fmt.Sprintf("calendar.moved[%d].from", i), fmt.Sprintf("calendar.moved[%d].to", i)
		taken, _ := plain.Release(m.To)
		leaves := slices.ContainsFunc(c.Moved, func(o Move) bool { return o.From == m.To })
		switch {
		case c.added(m.From):
			refuse(from, "%s is an added day: change that entry instead of moving it", m.From)
		case !c.releaseWeekday(m.From):
			refuse(from, "%s is a %s, and there is no release on %ss: move a release day, or write the new day under added",
				m.From, m.From.Weekday(), m.From.Weekday())
		}
		switch {
		case m.To == m.From:
			refuse(to, "%s is moved to itself: write another day, or remove the entry", m.To)
		case taken && !leaves, c.added(m.To):
			refuse(to, "%s is a release day already: move to another day", m.To)
		}
	}
	return out
}

// checkCuts refuses two release days with one cut day, a cut inside the window
// of the release that it supersedes, and an E2E run that cannot be in time.
func (t Timetable) checkCuts(today Day) []Problem {
	var out []Problem
	refuse := func(path, format string, args ...any) { // the first day of a kind is enough to act upon
		if !slices.ContainsFunc(out, func(p Problem) bool { return p.Path == path }) {
			out = append(out, Problem{path, fmt.Sprintf(format, args...)})
		}
	}
	cuts := map[Day]Day{}
	t.Calendar.releaseDays(today.Add(-margin), t.checkedDays(today), func(d Day) bool {
		cut := t.Calendar.cutDay(d)
		if other, taken := cuts[cut]; taken {
			refuse(t.Calendar.entryOf(d, other), "the release days %s and %s have one cut day, %s: move or remove one of them",
				other, d, cut)
		}
		cuts[cut] = d
		if ok, _ := t.Calendar.Release(cut); ok && !t.Closes.before(t.Cut) {
			refuse("cut.at", "%s is cut on %s, itself a release day, at %s, before its window has closed at %s: cut later", d,
				cut, t.Cut, t.Closes)
		}
		p := t.instants(d)
		if !p.E2EDeadline.After(p.CutAt) {
			refuse("e2e.deadline", "%s before the window of %s opens lies before its cut: make it shorter", t.E2EDeadline, d)
		} else if !p.E2EAt.IsZero() && !p.E2EAt.Before(p.E2EDeadline) {
			refuse("e2e.at", "E2E of %s would start on %s, when it is overdue already (%s before the window opens): start "+
				"earlier", d, p.E2EAt.In(t.Zone).Format("2006-01-02 at 15:04"), t.E2EDeadline)
		}
		return true
	})
	return out
}

// entryOf is the calendar entry that made one of two days a release day.
func (c Calendar) entryOf(days ...Day) string {
	for _, n := range c.namedDays() {
		if slices.Contains(days, n.day) && (n.list == "added" || n.list == "moved to") {
			return n.path
		}
	}
	return "calendar.weekdays"
}

func (c Calendar) added(d Day) bool {
	return slices.ContainsFunc(c.Added, func(a NamedDay) bool { return a.Day == d })
}

// namedDay is a day that the calendar names, and where.
type namedDay struct {
	list string // holiday, added, moved from, moved to
	path string
	day  Day
}

// namedDays are all days that the calendar names, in the order of its lists.
func (c Calendar) namedDays() []namedDay {
	var out []namedDay
	for i, h := range c.Holidays {
		out = append(out, namedDay{"holiday", fmt.Sprintf("calendar.holidays[%d].day", i), h.Day})
	}
	for i, a := range c.Added {
		out = append(out, namedDay{"added", fmt.Sprintf("calendar.added[%d].day", i), a.Day})
	}
	for i, m := range c.Moved {
		out = append(out,
			namedDay{"moved from", fmt.Sprintf("calendar.moved[%d].from", i), m.From},
			namedDay{"moved to", fmt.Sprintf("calendar.moved[%d].to", i), m.To})
	}
	return out
}

// checkedDays is how many days from a fortnight before today on are looked at:
// two years, and further where the calendar names a day beyond.
func (t Timetable) checkedDays(today Day) int {
	last := today.Add(horizon)
	for _, n := range t.Calendar.namedDays() {
		if last.Before(n.day) {
			last = n.day
		}
	}
	first := today.Add(-margin)
	return int(last.At(noon, time.UTC).Sub(first.At(noon, time.UTC)).Hours()/24) + margin
}

var noon = Clock{12, 0}
