package calendar

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const newYork = "America/New_York"

func zoneOf(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

// api is the process document's train: Monday to Thursday, 11:00 to 16:00 in New York, cut at 17:00.
func api(change ...func(*Timetable)) Timetable {
	t := Timetable{Zone: zoneOf(newYork), Cut: Clock{17, 0}, Opens: Clock{11, 0}, Closes: Clock{16, 0},
		E2EDeadline: Duration(time.Hour)}
	t.Calendar.Weekdays = []Weekday{1, 2, 3, 4}
	for _, c := range change {
		c(&t)
	}
	return t
}

func holidays(t *testing.T, days ...string) func(*Timetable) {
	return func(tr *Timetable) {
		for _, d := range days {
			tr.Calendar.Holidays = append(tr.Calendar.Holidays, Holiday{Day: day(t, d), Name: "holiday of " + d})
		}
	}
}

func added(t *testing.T, d, name string) func(*Timetable) {
	return func(tr *Timetable) {
		tr.Calendar.Added = append(tr.Calendar.Added, NamedDay{Day: day(t, d), Name: name})
	}
}

func moved(t *testing.T, from, to, why string) func(*Timetable) {
	return func(tr *Timetable) {
		tr.Calendar.Moved = append(tr.Calendar.Moved, Move{From: day(t, from), To: day(t, to), Why: why})
	}
}

func weekdays(w ...Weekday) func(*Timetable) {
	return func(tr *Timetable) { tr.Calendar.Weekdays = w }
}

// instant reads RFC 3339.
func instant(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	require.NoError(t, err)
	return at
}

func utc(at time.Time) string { return at.Format(time.RFC3339) }

func TestWeekdaysAreReadShortAndLongInAnyCase(t *testing.T) {
	for s, want := range map[string]Weekday{"mon": 1, "Monday": 1, "MON": 1, "sunday": 0, "Sat": 6, "thu": 4} {
		var w Weekday
		require.NoError(t, w.UnmarshalText([]byte(s)))
		assert.Equal(t, want, w, s)
	}
	for _, s := range []string{"", "m", "mond", "tues", "Montag", "1", "mon,tue"} {
		var w Weekday
		assert.ErrorContains(t, w.UnmarshalText([]byte(s)), "write mon, tue", "%q", s)
	}
}

func TestACalendarSurvivesJSON(t *testing.T) {
	c := api(holidays(t, "2026-11-26"), added(t, "2026-12-18", "last of the year"),
		moved(t, "2026-12-10", "2026-12-11", "")).Calendar
	data, err := json.Marshal(c)
	require.NoError(t, err)
	assert.Contains(t, string(data), `"weekdays":["mon","tue","wed","thu"]`)
	var got Calendar
	require.NoError(t, json.Unmarshal(data, &got))
	assert.Equal(t, c, got)
}

func TestADayIsAReleaseDayOrNotForAReason(t *testing.T) {
	c := api(
		holidays(t, "2026-11-26", "2026-12-24", "2026-12-25"),
		added(t, "2026-12-25", "hot"), added(t, "2026-12-19", ""),
		moved(t, "2026-11-26", "2026-11-27", ""), moved(t, "2026-12-10", "2026-12-11", "company meeting"),
		moved(t, "2026-12-15", "2026-12-18", ""),
	).Calendar
	for d, want := range map[string]struct {
		ok  bool
		why string
	}{
		"2026-11-24": {true, ""},
		"2026-11-28": {false, "no release on Saturdays"},
		"2026-11-26": {false, "moved to 2026-11-27"},
		"2026-11-27": {true, "moved from 2026-11-26 (holiday of 2026-11-26)"},
		"2026-12-10": {false, "moved to 2026-12-11: company meeting"},
		"2026-12-11": {true, "moved from 2026-12-10 (company meeting)"},
		"2026-12-15": {false, "moved to 2026-12-18"},
		"2026-12-18": {true, "moved from 2026-12-15"},
		"2026-12-19": {true, "added"},
		"2026-12-24": {false, "holiday: holiday of 2026-12-24"},
		"2026-12-25": {true, "added: hot"},
		"2027-11-26": {false, "no release on Fridays"},
		"2027-11-25": {true, ""}, // the holiday is that of one year
	} {
		ok, why := c.Release(day(t, d))
		assert.Equal(t, want.ok, ok, d)
		assert.Equal(t, want.why, why, d)
	}
}

func TestAMoveToAHolidayWins(t *testing.T) {
	c := api(holidays(t, "2026-12-24"), moved(t, "2026-12-22", "2026-12-24", "")).Calendar
	ok, _ := c.Release(day(t, "2026-12-24"))
	assert.True(t, ok)
}

func TestMovesMayFollowOneAnotherInAnyOrder(t *testing.T) {
	first, second := moved(t, "2026-12-09", "2026-12-10", ""), moved(t, "2026-12-10", "2026-12-11", "")
	for _, tr := range []Timetable{api(first, second), api(second, first)} {
		for d, want := range map[string]bool{"2026-12-09": false, "2026-12-10": true, "2026-12-11": true} {
			ok, _ := tr.Calendar.Release(day(t, d))
			assert.Equal(t, want, ok, d)
		}
	}
}

func TestTheCutDayIsTheLastBusinessDayBefore(t *testing.T) {
	for _, c := range []struct {
		why, release, cut string
		holidays          []string
	}{
		{"an ordinary day", "2026-11-24", "2026-11-23", nil},
		{"over a weekend", "2026-11-30", "2026-11-27", nil},
		{"a holiday on the eve", "2026-11-27", "2026-11-25", []string{"2026-11-26"}},
		{"a bridge before a weekend", "2026-11-30", "2026-11-25", []string{"2026-11-26", "2026-11-27"}},
		{"a holiday Monday", "2027-01-19", "2027-01-15", []string{"2027-01-18"}},
		{"over new year", "2027-01-04", "2026-12-31", []string{"2027-01-01"}},
		{"a closed fortnight", "2027-01-04", "2026-12-18", []string{
			"2026-12-21", "2026-12-22", "2026-12-23", "2026-12-24", "2026-12-25", "2026-12-28", "2026-12-29", "2026-12-30",
			"2026-12-31", "2027-01-01",
		}},
		{"over a leap day", "2028-03-01", "2028-02-29", nil},
		{"a release day that is a Sunday", "2026-11-29", "2026-11-27", nil},
	} {
		tr := api(holidays(t, c.holidays...))
		assert.Equal(t, c.cut, tr.Calendar.cutDay(day(t, c.release)).String(), c.why)
	}
}

func TestAnAddedReleaseOnAHolidayDoesNotMakeItABusinessDay(t *testing.T) {
	c := api(holidays(t, "2026-11-26"), added(t, "2026-11-26", "")).Calendar
	assert.False(t, c.businessDay(day(t, "2026-11-26")))
	assert.True(t, c.businessDay(day(t, "2026-11-27")))
	assert.False(t, c.businessDay(day(t, "2026-11-28")))
}

func TestAPlanHoldsTheInstantsOfTheDay(t *testing.T) {
	for _, c := range []struct {
		why, day, cut, deadline, opens, closes, nextCut string
	}{
		{"winter", "2026-11-24", "2026-11-23T22:00:00Z", "2026-11-24T15:00:00Z", "2026-11-24T16:00:00Z",
			"2026-11-24T21:00:00Z", "2026-11-24T22:00:00Z"},
		{"the last of a week", "2026-11-25", "2026-11-24T22:00:00Z", "2026-11-25T15:00:00Z", "2026-11-25T16:00:00Z",
			"2026-11-25T21:00:00Z", "2026-11-25T22:00:00Z"},
		{"spring forward between cut and window", "2027-03-15", "2027-03-12T22:00:00Z", "2027-03-15T14:00:00Z",
			"2027-03-15T15:00:00Z", "2027-03-15T20:00:00Z", "2027-03-15T21:00:00Z"},
		{"fall back between cut and window", "2027-11-08", "2027-11-05T21:00:00Z", "2027-11-08T15:00:00Z",
			"2027-11-08T16:00:00Z", "2027-11-08T21:00:00Z", "2027-11-08T22:00:00Z"},
		{"over new year", "2027-01-04", "2026-12-31T22:00:00Z", "2027-01-04T15:00:00Z", "2027-01-04T16:00:00Z",
			"2027-01-04T21:00:00Z", "2027-01-04T22:00:00Z"},
	} {
		p := api(holidays(t, "2026-11-26", "2027-01-01")).PlanFor(day(t, c.day))
		assert.Equal(t, c.day, p.Day.String(), c.why)
		assert.Equal(t, c.cut, utc(p.CutAt), c.why)
		assert.Equal(t, c.deadline, utc(p.E2EDeadline), c.why)
		assert.Equal(t, c.opens, utc(p.WindowOpens), c.why)
		assert.Equal(t, c.closes, utc(p.WindowCloses), c.why)
		assert.True(t, p.E2EAt.IsZero(), c.why)
		assert.False(t, p.Manual, c.why)
		if c.day != "2026-11-25" { // Thanksgiving follows
			assert.Equal(t, c.nextCut, utc(p.NextCutAt), c.why)
		}
	}
}

func TestTheNextCutPassesOverDaysWithoutARelease(t *testing.T) {
	p := api(holidays(t, "2026-11-26", "2026-11-27")).PlanFor(day(t, "2026-11-25"))
	assert.Equal(t, "2026-11-25T22:00:00Z", utc(p.NextCutAt), "Monday the 30th is cut before Thanksgiving")
}

func TestThereIsNoNextCutWhereTheCalendarKnowsNone(t *testing.T) {
	p := api(weekdays(), added(t, "2026-12-18", "the only one")).PlanFor(day(t, "2026-12-18"))
	assert.True(t, p.NextCutAt.IsZero())
}

func TestE2EStartsAtItsTimeInTheNightAfterTheCut(t *testing.T) {
	for _, c := range []struct{ day, at, want string }{
		{"2026-11-24", "20:00", "2026-11-24T01:00:00Z"}, // the evening of cut day
		{"2026-11-24", "01:00", "2026-11-24T06:00:00Z"}, // after midnight
		{"2026-11-24", "17:00", "2026-11-23T22:00:00Z"}, // the very time of the cut
		{"2026-11-30", "01:00", "2026-11-28T06:00:00Z"}, // the first night of a weekend
		{"2026-03-09", "20:00", "2026-03-07T01:00:00Z"},
		{"2026-11-02", "01:30", "2026-10-31T05:30:00Z"},
	} {
		tr := api(func(tr *Timetable) {
			at, err := ParseClock(c.at)
			require.NoError(t, err)
			tr.E2EAt = at
		})
		assert.Equal(t, c.want, utc(tr.PlanFor(day(t, c.day)).E2EAt), "%s at %s", c.day, c.at)
	}
}

// A train that is cut on Saturday night for Sunday lives through the change itself.
func TestAPlanIsRightInTheNightThatTheClocksChange(t *testing.T) {
	tr := api(weekdays(0), func(tr *Timetable) { tr.E2EAt = Clock{Hour: 2, Minute: 30} })
	p := tr.PlanFor(day(t, "2027-03-14"))
	assert.Equal(t, "2027-03-12T22:00:00Z", utc(p.CutAt))
	assert.Equal(t, "2027-03-13T07:30:00Z", utc(p.E2EAt))
	assert.Equal(t, "2027-03-14T15:00:00Z", utc(p.WindowOpens))
}

func TestADepartureByHandMeansTheNextWindowThatHasNotOpened(t *testing.T) {
	tr := api(holidays(t, "2026-11-26"))
	for _, c := range []struct{ now, want string }{
		{"2026-11-24T15:59:59Z", "2026-11-24"},
		{"2026-11-24T16:00:00Z", "2026-11-25"}, // its window opens this second
		{"2026-11-24T17:00:00Z", "2026-11-25"},
		{"2026-11-25T03:00:00Z", "2026-11-25"}, // still the 24th in New York
		{"2026-11-25T16:00:01Z", "2026-11-30"},
		{"2026-11-28T12:00:00Z", "2026-11-30"},
	} {
		got, ok := tr.NextReleaseDay(instant(t, c.now))
		require.True(t, ok)
		assert.Equal(t, c.want, got.String(), c.now)
	}
	_, ok := api(weekdays()).NextReleaseDay(instant(t, "2026-11-24T12:00:00Z"))
	assert.False(t, ok, "a calendar without release days")
}

func TestACutInstantBelongsToOneReleaseDay(t *testing.T) {
	tr := api(holidays(t, "2026-11-26", "2026-11-27"))
	for _, c := range []struct{ at, want string }{
		{"2026-11-23T22:00:00Z", "2026-11-24"},
		{"2026-11-23T22:00:59Z", "2026-11-24"}, // same minute
		{"2026-11-23T21:59:59Z", ""},
		{"2026-11-23T22:01:00Z", ""},
		{"2026-11-25T22:00:00Z", "2026-11-30"}, // over Thanksgiving
		{"2026-11-26T22:00:00Z", ""},           // a holiday
		{"2026-11-27T22:00:00Z", ""},
		{"2027-03-12T22:00:00Z", "2027-03-15"}, // over spring forward
		{"2027-07-05T21:00:00Z", "2027-07-06"}, // summer
		{"2027-07-05T22:00:00Z", ""},
	} {
		got, ok := tr.DayForCut(instant(t, c.at))
		assert.Equal(t, c.want != "", ok, c.at)
		assert.Equal(t, c.want, got.String(), c.at)
	}
}

func TestDeparturesNameGapsAndWhatIsUnusual(t *testing.T) {
	tr := api(
		holidays(t, "2026-11-26", "2026-11-27"),
		moved(t, "2026-12-02", "2026-12-04", "company meeting"),
		added(t, "2026-12-11", "before the holidays"),
	)
	got := tr.Departures(instant(t, "2026-11-23T22:00:00Z"), 9) // the cut of the 24th is this instant
	type row struct{ day, cut, note, gaps string }
	var rows []row
	for _, d := range got {
		r := row{day: d.Day.String(), cut: utc(d.CutAt), note: d.Note}
		for _, g := range d.Gaps {
			r.gaps += g.Day.String() + " " + g.Why + ";"
		}
		rows = append(rows, r)
	}
	assert.Equal(t, []row{
		{day: "2026-11-25", cut: "2026-11-24T22:00:00Z"},
		{day: "2026-11-30", cut: "2026-11-25T22:00:00Z", note: "cut on Wednesday, the last business day before",
			gaps: "2026-11-26 holiday: holiday of 2026-11-26;"},
		{day: "2026-12-01", cut: "2026-11-30T22:00:00Z"},
		{day: "2026-12-03", cut: "2026-12-02T22:00:00Z", gaps: "2026-12-02 moved to 2026-12-04: company meeting;"},
		{day: "2026-12-04", cut: "2026-12-03T22:00:00Z", note: "moved from 2026-12-02 (company meeting)"},
		{day: "2026-12-07", cut: "2026-12-04T22:00:00Z", note: "cut on Friday, the last business day before"},
		{day: "2026-12-08", cut: "2026-12-07T22:00:00Z"},
		{day: "2026-12-09", cut: "2026-12-08T22:00:00Z"},
		{day: "2026-12-10", cut: "2026-12-09T22:00:00Z"},
	}, rows)
	for _, d := range got {
		assert.Equal(t, tr.PlanFor(d.Day).CutAt, d.CutAt)
		assert.Equal(t, tr.PlanFor(d.Day).WindowOpens, d.Opens)
	}
}

func TestDeparturesReachAsFarAsAsked(t *testing.T) {
	got := api(weekdays(3)).Departures(instant(t, "2026-11-23T22:00:00Z"), 200)
	require.Len(t, got, 200)
	assert.Equal(t, "2030-09-18", got[199].Day.String())
}

func TestDeparturesEndWhereTheCalendarKnowsNoMore(t *testing.T) {
	tr := api(weekdays(), added(t, "2026-12-18", ""), added(t, "2027-06-18", ""))
	got := tr.Departures(instant(t, "2026-11-23T22:00:00Z"), 10)
	require.Len(t, got, 2)
	assert.Empty(t, api(weekdays()).Departures(instant(t, "2026-11-23T22:00:00Z"), 10))
}

// One departure leads to the next: plan, instants and look-up agree.
func TestPlansDeparturesAndCutsAgreeOverTwoYears(t *testing.T) {
	tr := api(holidays(t, "2026-11-26", "2026-11-27", "2026-12-25", "2027-01-01", "2027-07-05"),
		moved(t, "2027-03-15", "2027-03-12", ""))
	require.Empty(t, tr.Check(day(t, "2026-11-01")))
	all := tr.Departures(instant(t, "2026-11-01T00:00:00Z"), 420)
	require.Greater(t, all[len(all)-1].Day.Year, 2027)
	for i, d := range all {
		got, ok := tr.DayForCut(d.CutAt)
		require.True(t, ok)
		require.Equal(t, d.Day, got)
		p := tr.PlanFor(d.Day)
		require.True(t, p.CutAt.Before(p.E2EDeadline) && p.E2EDeadline.Before(p.WindowOpens) &&
			p.WindowOpens.Before(p.WindowCloses), d.Day)
		if i+1 < len(all) {
			require.Equal(t, all[i+1].CutAt, p.NextCutAt, d.Day)
			require.True(t, p.WindowCloses.Before(p.NextCutAt), "%s is superseded only after its window", d.Day)
		}
	}
}
