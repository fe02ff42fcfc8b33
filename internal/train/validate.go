package train

import (
	"fmt"
	"slices"
	"time"
)

// Problem is one thing wrong with a train's configuration.
type Problem struct {
	// Path is the key below the train, e.g. "calendar.moved[0].to".
	Path string
	// Sentence says what is wrong and what would be right.
	Sentence string
}

// horizon is how far ahead the calendar is checked, in days.
const horizon = 2 * 366

// Check finds what is wrong with the times and the calendar of a train, from a
// day on. The configuration's shape has been checked before.
func (t Train) Check(today Day) []Problem {
	problems := t.checkTimes()
	problems = append(problems, t.checkEntries()...)
	if len(problems) > 0 {
		return problems
	}
	return t.checkCuts(today)
}

func (t Train) checkTimes() []Problem {
	var out []Problem
	if !t.Window.Opens.Before(t.Window.Closes) {
		out = append(out, Problem{"window.closes", fmt.Sprintf("the window closes at %s, which is not after it opens at %s", t.Window.Closes, t.Window.Opens)})
	}
	if t.Cut.At.Hour < 4 {
		out = append(out, Problem{"cut.at", fmt.Sprintf("%s is a time that daylight saving skips or repeats: cut at 04:00 or later", t.Cut.At)})
	}
	if len(t.Calendar.Weekdays) == 0 && len(t.Calendar.Added) == 0 {
		out = append(out, Problem{"calendar.weekdays", "there is no release day: name at least one weekday or added day"})
	}
	return out
}

func (t Train) checkEntries() []Problem {
	var out []Problem
	seen := map[Day]int{}
	for i, h := range t.Calendar.Holidays {
		if first, twice := seen[h.Day]; twice {
			out = append(out, Problem{fmt.Sprintf("calendar.holidays[%d].day", i), fmt.Sprintf("%s is listed twice, first as entry %d", h.Day, first)})
		}
		seen[h.Day] = i
	}
	plain := t.Calendar
	plain.Added, plain.Moved = nil, nil
	for i, a := range t.Calendar.Added {
		if ok, _ := plain.Release(a.Day); ok {
			out = append(out, Problem{fmt.Sprintf("calendar.added[%d].day", i), fmt.Sprintf("%s is a release day already: remove the entry", a.Day)})
		}
	}
	plain.Added = t.Calendar.Added
	for i, m := range t.Calendar.Moved {
		weekday := slices.Contains(plain.Weekdays, Weekday(m.From.Weekday()))
		added := slices.ContainsFunc(plain.Added, func(a NamedDay) bool { return a.Day == m.From })
		if !weekday && !added {
			out = append(out, Problem{fmt.Sprintf("calendar.moved[%d].from", i), fmt.Sprintf("%s is no release day (%s): nothing can be moved from it", m.From, m.From.Weekday())})
		}
		if ok, _ := plain.Release(m.To); ok {
			out = append(out, Problem{fmt.Sprintf("calendar.moved[%d].to", i), fmt.Sprintf("%s is a release day already: move to another day", m.To)})
		}
	}
	return out
}

// checkCuts refuses two release days with one cut day, a cut inside the window
// of the release that it supersedes, and a deadline before the cut.
func (t Train) checkCuts(today Day) []Problem {
	cuts := map[Day]Day{}
	var out []Problem
	add := func(p Problem) bool { // one of each kind is enough to act upon
		if !slices.ContainsFunc(out, func(o Problem) bool { return o.Path == p.Path }) {
			out = append(out, p)
		}
		return len(out) < 3
	}
	t.Calendar.releaseDays(t.firstDay(today), horizon+t.namedSpan(today), func(d Day) bool {
		cut := t.Calendar.CutDay(d)
		if other, taken := cuts[cut]; taken {
			return add(Problem{t.entryOf(d, other), fmt.Sprintf("the release days %s and %s have one cut day, %s: move or remove one of them", other, d, cut)})
		}
		cuts[cut] = d
		if ok, _ := t.Calendar.Release(cut); ok && !t.Window.Closes.Before(t.Cut.At) {
			return add(Problem{"cut.at", fmt.Sprintf("%s is cut on %s, itself a release day, at %s, before its window has closed at %s: cut later", d, cut, t.Cut.At, t.Window.Closes)})
		}
		if p := t.PlanFor(d); !p.E2EDeadline.After(p.CutAt) {
			return add(Problem{"e2e.deadline", fmt.Sprintf("%s before the window of %s opens lies before its cut: make it shorter", t.E2E.Deadline, d)})
		}
		return true
	})
	return out
}

// entryOf is the calendar entry that made one of two days a release day.
func (t Train) entryOf(days ...Day) string {
	for _, d := range days {
		for i, a := range t.Calendar.Added {
			if a.Day == d {
				return fmt.Sprintf("calendar.added[%d].day", i)
			}
		}
		for i, m := range t.Calendar.Moved {
			if m.To == d {
				return fmt.Sprintf("calendar.moved[%d].to", i)
			}
		}
	}
	return "calendar.weekdays"
}

// namedDays are all days that the calendar names.
func (t Train) namedDays() []Day {
	var out []Day
	for _, n := range slices.Concat(t.Calendar.Holidays, t.Calendar.Added) {
		out = append(out, n.Day)
	}
	for _, m := range t.Calendar.Moved {
		out = append(out, m.From, m.To)
	}
	return out
}

// firstDay is where a check of the calendar begins: today, or a fortnight
// before the first named day that is still to come.
func (t Train) firstDay(today Day) Day { return today.Add(-14) }

// namedSpan is how many days the named days reach beyond the horizon.
func (t Train) namedSpan(today Day) int {
	far := today.Add(horizon)
	beyond := 0
	for _, d := range t.namedDays() {
		if far.Before(d) {
			hours := d.At(Clock{12, 0}, time.UTC).Sub(far.At(Clock{12, 0}, time.UTC)).Hours()
			beyond = max(beyond, int(hours/24)+14)
		}
	}
	return beyond
}
