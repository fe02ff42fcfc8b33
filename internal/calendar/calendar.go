package calendar

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Calendar says which days are release days. docs/architecture.md, Calendar.
type Calendar struct {
	// Weekdays are the ordinary release days: mon, tue, …
	Weekdays []Weekday `json:"weekdays" yaml:"weekdays"`
	// Holidays are neither release days nor business days.
	Holidays []Holiday `json:"holidays,omitempty" yaml:"holidays"`
	// Added are further release days; an added day wins over weekday and holiday.
	Added []NamedDay `json:"added,omitempty" yaml:"added"`
	// Moved are release days that take place on another day.
	Moved []Move `json:"moved,omitempty" yaml:"moved"`
	// Skipped are days on which nothing is released whatever else is written:
	// the train remembers them (starter schedule skip), release.yaml does not.
	Skipped []NamedDay `json:"skipped,omitempty" yaml:"-"`
}

// Holiday is a day with its name.
type Holiday = NamedDay

// NamedDay is a day and why it is special.
type NamedDay struct {
	Day  Day    `json:"day" yaml:"day"`
	Name string `json:"name,omitempty" yaml:"name"`
}

// Move takes a release day to another day.
type Move struct {
	From Day    `json:"from" yaml:"from"`
	To   Day    `json:"to" yaml:"to"`
	Why  string `json:"why,omitempty" yaml:"why"`
}

// Plan holds the instants of one release day, all UTC. They are fixed at departure.
type Plan struct {
	// Day is the release day.
	Day Day `json:"day"`
	// CutAt is when main is tagged.
	CutAt time.Time `json:"cutAt"`
	// E2EAt is when E2E starts at the earliest; zero means at once after staging.
	E2EAt time.Time `json:"e2eAt,omitzero"`
	// E2EDeadline is when a run that has not ended is overdue.
	E2EDeadline time.Time `json:"e2eDeadline"`
	// WindowOpens and WindowCloses bound production: [opens, closes).
	WindowOpens  time.Time `json:"windowOpens"`
	WindowCloses time.Time `json:"windowCloses"`
	// NextCutAt is the train's next departure after this one; zero when the calendar knows none.
	NextCutAt time.Time `json:"nextCutAt,omitzero"`
	// Manual says that a person started this departure: it is cut at once.
	Manual bool `json:"manual,omitempty"`
}

// Weekday is a day of the week, written mon, tue, … as people do in cron.
type Weekday time.Weekday

var weekdayNames = [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// String is the short name: mon.
func (w Weekday) String() string { return weekdayNames[w%7] }

// MarshalText writes the short name.
func (w Weekday) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText reads short and long English names in any case.
func (w *Weekday) UnmarshalText(b []byte) error {
	name := strings.ToLower(string(b))
	for i, short := range weekdayNames {
		if name == short || name == strings.ToLower(time.Weekday(i).String()) {
			*w = Weekday(i)
			return nil
		}
	}
	return fmt.Errorf("%q is not a weekday: write mon, tue, wed, thu, fri, sat or sun", b)
}

// Release says whether a day is a release day, and why it is or is not where
// that is not plain from the weekday. A skipped day loses always, then an added
// day wins over everything, a day that a move leads to over weekday, holiday and
// a move from it.
func (c Calendar) Release(d Day) (ok bool, why string) {
	for _, s := range c.Skipped {
		if s.Day == d {
			return false, Explain("skipped", s.Name)
		}
	}
	for _, a := range c.Added {
		if a.Day == d {
			return true, Explain("added", a.Name)
		}
	}
	for _, m := range c.Moved {
		if m.To == d {
			return true, c.movedFrom(m)
		}
	}
	for _, m := range c.Moved {
		if m.From == d {
			return false, Explain("moved to "+m.To.String(), m.Why)
		}
	}
	if !c.releaseWeekday(d) {
		return false, "no release on " + d.Weekday().String() + "s"
	}
	if name, ok := c.holiday(d); ok {
		return false, Explain("holiday", name)
	}
	return true, ""
}

// movedFrom says where a moved release day comes from, and why it was moved;
// the holiday that it gave way to says enough where no reason is written.
func (c Calendar) movedFrom(m Move) string {
	holiday, _ := c.holiday(m.From)
	if why := cmp.Or(m.Why, holiday); why != "" {
		return fmt.Sprintf("moved from %s (%s)", m.From, why)
	}
	return "moved from " + m.From.String()
}

// releaseWeekday says whether a day is a release day by its weekday.
func (c Calendar) releaseWeekday(d Day) bool {
	return slices.Contains(c.Weekdays, Weekday(d.Weekday()))
}

// Explain joins what is so with why, where that is known: "holiday: Thanksgiving".
func Explain(what, why string) string {
	if why == "" {
		return what
	}
	return what + ": " + why
}

func (c Calendar) holiday(d Day) (name string, ok bool) {
	for _, h := range c.Holidays {
		if h.Day == d {
			return h.Name, true
		}
	}
	return "", false
}

// businessDay says whether people work: Monday to Friday and no holiday.
func (c Calendar) businessDay(d Day) bool {
	w := d.Weekday()
	_, holiday := c.holiday(d)
	return w != time.Saturday && w != time.Sunday && !holiday
}

// cutDay is the last business day before a release day.
func (c Calendar) cutDay(release Day) Day {
	d := release.Add(-1)
	for !c.businessDay(d) { // ends: a calendar names so many holidays only
		d = d.Add(-1)
	}
	return d
}

// LookAhead bounds every search through the calendar, in days.
const LookAhead = 400

// releaseDays calls yield with each release day from first on, until it
// returns false or the calendar has been searched far enough.
func (c Calendar) releaseDays(first Day, days int, yield func(Day) bool) {
	for i := range days {
		d := first.Add(i)
		if ok, _ := c.Release(d); ok && !yield(d) {
			return
		}
	}
}

// Timetable is what the instants of a train follow from: its calendar, its zone
// and its times of day.
type Timetable struct {
	Zone     *time.Location
	Calendar Calendar
	// Cut is when main is tagged, on the last business day before a release day.
	Cut Clock
	// Opens and Closes bound the production window on a release day: [opens, closes).
	Opens, Closes Clock
	// E2EAt is when E2E starts in the night; zero: at once after staging.
	E2EAt Clock
	// E2EDeadline is how long before the window opens a run that has not ended is overdue.
	E2EDeadline Duration
}

// cutAt is the instant at which a release day is cut.
func (t Timetable) cutAt(release Day) time.Time {
	return t.Calendar.cutDay(release).At(t.Cut, t.Zone).UTC()
}

// opensAt is the instant at which a release day's window opens.
func (t Timetable) opensAt(release Day) time.Time {
	return release.At(t.Opens, t.Zone).UTC()
}

// PlanFor is the plan of a release day.
func (t Timetable) PlanFor(day Day) Plan {
	p := t.instants(day)
	t.Calendar.releaseDays(day.Add(1), LookAhead, func(next Day) bool {
		p.NextCutAt = t.cutAt(next)
		return false
	})
	return p
}

// instants is the plan of a release day by itself, without what follows it.
func (t Timetable) instants(day Day) Plan {
	p := Plan{
		Day: day, CutAt: t.cutAt(day),
		WindowOpens: t.opensAt(day), WindowCloses: day.At(t.Closes, t.Zone).UTC(),
	}
	p.E2EDeadline = p.WindowOpens.Add(-t.E2EDeadline.D())
	if !t.E2EAt.IsZero() {
		evening := t.Calendar.cutDay(day)
		if t.E2EAt.before(t.Cut) { // after midnight
			evening = evening.Add(1)
		}
		p.E2EAt = evening.At(t.E2EAt, t.Zone).UTC()
	}
	return p
}

// NextReleaseDay is the first release day whose window opens after an instant:
// what a departure by hand means.
func (t Timetable) NextReleaseDay(after time.Time) (next Day, found bool) {
	t.Calendar.releaseDays(DayOf(after.In(t.Zone)), LookAhead, func(d Day) bool {
		if t.opensAt(d).After(after) {
			next, found = d, true
		}
		return !found
	})
	return next, found
}

// DayForCut is the release day whose cut falls on the minute of an instant.
func (t Timetable) DayForCut(at time.Time) (day Day, found bool) {
	minute := at.Truncate(time.Minute)
	t.Calendar.releaseDays(DayOf(at.In(t.Zone)), LookAhead, func(d Day) bool {
		cut := t.cutAt(d)
		if cut.Equal(minute) {
			day, found = d, true
		}
		return !found && !cut.After(minute)
	})
	return day, found
}

// Departure is a planned departure, for people who look ahead.
type Departure struct {
	Day   Day       `json:"day"`
	CutAt time.Time `json:"cutAt"`
	Opens time.Time `json:"windowOpens"`
	// Note says what is unusual about it; empty when nothing is.
	Note string `json:"note,omitempty"`
	// Gaps are the release weekdays before it that were left out, and why.
	Gaps []Gap `json:"gaps,omitempty"`
}

// Gap is an ordinary release day on which nothing is released.
type Gap struct {
	Day Day    `json:"day"`
	Why string `json:"why"`
}

// Departures are the next n departures after an instant; fewer where the
// calendar knows no release day for longer than it looks ahead.
func (t Timetable) Departures(after time.Time, n int) []Departure {
	var out []Departure
	var gaps []Gap
	d := DayOf(after.In(t.Zone))
	for empty := 0; empty < LookAhead && len(out) < n; d = d.Add(1) {
		empty++
		ok, why := t.Calendar.Release(d)
		switch {
		case ok && t.cutAt(d).After(after):
			out = append(out, Departure{Day: d, CutAt: t.cutAt(d), Opens: t.opensAt(d), Note: t.note(d, why), Gaps: gaps})
			gaps, empty = nil, 0
		case !ok && t.Calendar.releaseWeekday(d):
			gaps = append(gaps, Gap{Day: d, Why: why})
		}
	}
	return out
}

func (t Timetable) note(d Day, why string) string {
	cut := t.Calendar.cutDay(d)
	if cut == d.Add(-1) {
		return why
	}
	early := fmt.Sprintf("cut on %s, the last business day before", cut.Weekday())
	if why == "" {
		return early
	}
	return why + "; " + early
}

// CannotAdd says why a day cannot be added as a release day; empty: it can. Two
// release days with one cut day cannot be.
func (t Timetable) CannotAdd(day Day) string {
	cut := t.Calendar.cutDay(day)
	for d := cut; d.Before(day.Add(margin)); d = d.Add(1) {
		if ok, _ := t.Calendar.Release(d); ok && d != day && t.Calendar.cutDay(d) == cut {
			return fmt.Sprintf("%s cannot be added: it would be cut on %s, as %s is", day, cut, d)
		}
	}
	return ""
}

// MovedTo is the plan with its window opening at another instant; it closes
// before the next departure at the latest.
func (p Plan) MovedTo(at time.Time) Plan {
	length, deadline := p.WindowCloses.Sub(p.WindowOpens), p.WindowOpens.Sub(p.E2EDeadline)
	p.WindowOpens, p.WindowCloses, p.E2EDeadline = at, at.Add(length), at.Add(-deadline)
	if next := p.NextCutAt; !next.IsZero() && p.WindowCloses.After(next) {
		p.WindowCloses = next
	}
	return p
}
