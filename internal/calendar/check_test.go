package calendar

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func clock(hour, minute int) Clock { return Clock{Hour: hour, Minute: minute} }

func TestASoundTrainHasNoProblems(t *testing.T) {
	for name, tr := range map[string]Timetable{
		"the document's train": api(holidays(t, "2026-11-26", "2027-01-01")),
		"only added days":      api(weekdays(), added(t, "2026-12-18", "")),
		"added on a holiday":   api(holidays(t, "2026-12-24"), added(t, "2026-12-24", "")),
		"moved off a holiday":  api(holidays(t, "2026-11-26"), moved(t, "2026-11-26", "2026-11-27", "")),
		"moves that follow one another": api(moved(t, "2026-12-09", "2026-12-10", ""),
			moved(t, "2026-12-10", "2026-12-11", "")),
		"a cut inside a window elsewhere": api(weekdays(2, 4), func(tr *Timetable) { tr.Cut = clock(12, 0) }),
		"Sundays":                         api(weekdays(0)),
		"the cut a minute after the window": api(func(tr *Timetable) {
			tr.Cut = clock(16, 1)
		}),
		"E2E after midnight":   api(func(tr *Timetable) { tr.E2EAt = clock(1, 0) }),
		"holidays of the past": api(holidays(t, "2020-01-01")),
	} {
		assert.Empty(t, tr.Check(day(t, "2026-11-23")), name)
	}
}

func TestWhatIsWrongWithATrainIsNamedWithItsKey(t *testing.T) {
	for name, c := range map[string]struct {
		subject   Timetable
		path, say string
	}{
		"window upside down": {api(func(tr *Timetable) { tr.Closes = clock(10, 0) }), "window.closes",
			"closes at 10:00, which is not after it opens at 11:00"},
		"window of no length": {api(func(tr *Timetable) { tr.Closes = clock(11, 0) }),
			"window.closes", "not after"},
		"cut in the hours of daylight saving": {api(weekdays(1), func(tr *Timetable) { tr.Cut = clock(3, 59) }),
			"cut.at", "daylight saving"},
		"no release day": {api(weekdays()), "calendar.weekdays", "name at least one weekday"},
		"holiday twice": {api(holidays(t, "2026-11-26", "2026-12-25", "2026-11-26")),
			"calendar.holidays[2].day", "twice, first as calendar.holidays[0].day"},
		"added twice": {api(added(t, "2026-12-18", ""), added(t, "2026-12-18", "")),
			"calendar.added[1].day", "twice"},
		"added though a release day": {api(added(t, "2026-12-17", "")), "calendar.added[0].day",
			"is a release day already"},
		"moved from no release day": {api(moved(t, "2026-12-18", "2026-12-19", "")), "calendar.moved[0].from",
			"2026-12-18 is a Friday, and there is no release on Fridays"},
		"moved from an added day": {api(added(t, "2026-12-18", ""), moved(t, "2026-12-18", "2026-12-25", "")),
			"calendar.moved[0].from", "is an added day"},
		"moved twice": {api(moved(t, "2026-12-09", "2026-12-11", ""),
			moved(t, "2026-12-09", "2026-12-18", "")), "calendar.moved[1].from", "twice"},
		"two moved to one day": {api(moved(t, "2026-12-09", "2026-12-11", ""),
			moved(t, "2026-12-10", "2026-12-11", "")), "calendar.moved[1].to", "twice"},
		"moved to a release day": {api(moved(t, "2026-12-09", "2026-12-10", "")), "calendar.moved[0].to",
			"is a release day already"},
		"moved to an added day": {api(added(t, "2026-12-18", ""), moved(t, "2026-12-09", "2026-12-18", "")),
			"calendar.moved[0].to", "is a release day already"},
		"moved to itself": {api(holidays(t, "2026-11-26"), moved(t, "2026-11-26", "2026-11-26", "")),
			"calendar.moved[0].to", "moved to itself"},
		"day missing": {api(func(tr *Timetable) { tr.Calendar.Holidays = []Holiday{{Name: "x"}} }),
			"calendar.holidays[0].day", "missing"},
		"move without its end": {api(func(tr *Timetable) {
			tr.Calendar.Moved = []Move{{From: day(t,
				"2026-12-09")}}
		}), "calendar.moved[0].to", "missing"},
		"a year of four digits too many": {api(holidays(t, "9026-11-26")),
			"calendar.holidays[0].day", "check the year"},
		"a year of two digits": {api(holidays(t, "0026-11-26")),
			"calendar.holidays[0].day", "check the year"},
		"Saturday and Monday": {api(weekdays(6, 1)), "calendar.weekdays",
			"the release days 2026-11-14 and 2026-11-16 have one cut day, 2026-11-13"},
		"added on a weekend": {api(added(t, "2026-12-19", "")), "calendar.added[0].day",
			"the release days 2026-12-19 and 2026-12-21 have one cut day, 2026-12-18: move or remove one"},
		"added on a holiday before a release day": {api(holidays(t, "2026-12-23"), added(t, "2026-12-23", "")),
			"calendar.added[0].day", "2026-12-23 and 2026-12-24 have one cut day, 2026-12-22"},
		"moved to a weekend": {api(moved(t, "2026-12-17", "2026-12-20", "")), "calendar.moved[0].to",
			"have one cut day, 2026-12-18"},
		"years ahead": {api(added(t, "2031-03-01", "")), "calendar.added[0].day",
			"2031-03-01 and 2031-03-03 have one cut day"},
		"cut inside a window": {api(func(tr *Timetable) { tr.Cut = clock(15, 0) }), "cut.at",
			"itself a release day, at 15:00, before its window has closed at 16:00: cut later"},
		"cut when a window closes": {api(func(tr *Timetable) { tr.Cut = clock(16, 0) }), "cut.at",
			"cut later"},
		"deadline before the cut": {api(func(tr *Timetable) { tr.E2EDeadline = Duration(18 * time.Hour) }),
			"e2e.deadline", "make it shorter"},
		"E2E after its deadline": {api(func(tr *Timetable) { tr.E2EAt = clock(10, 0) }), "e2e.at",
			"at 10:00, when it is overdue already"},
	} {
		problems := c.subject.Check(day(t, "2026-11-23"))
		if assert.NotEmpty(t, problems, name) {
			assert.Equal(t, c.path, problems[0].Path, name)
			assert.Contains(t, problems[0].Sentence, c.say, name)
		}
	}
}

func TestAllProblemsOfATrainAreFoundAtOnce(t *testing.T) {
	tr := api(
		holidays(t, "2026-12-25", "2026-12-25"), added(t, "2026-12-19", ""), added(t, "2027-01-09", ""),
		added(t, "2027-01-16", ""),
		func(tr *Timetable) { tr.Closes, tr.E2EDeadline = clock(10, 0), Duration(30*time.Hour) },
	)
	var paths []string
	for _, p := range tr.Check(day(t, "2026-11-23")) {
		paths = append(paths, p.Path)
	}
	assert.ElementsMatch(t, []string{
		"window.closes", "calendar.holidays[1].day", "calendar.added[0].day", "calendar.added[1].day",
		"calendar.added[2].day", "e2e.deadline",
	}, paths)
}

func TestAProblemOfTheLongPastIsPassedOver(t *testing.T) {
	tr := api(added(t, "2025-12-20", "a Saturday whose Monday was released too"))
	require.Empty(t, tr.Check(day(t, "2026-11-23")))
}
