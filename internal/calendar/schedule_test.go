package calendar

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func days(list []Day) []string {
	var out []string
	for _, d := range list {
		out = append(out, d.String())
	}
	return out
}

func TestAnOrdinaryWeekIsCutOnTheEves(t *testing.T) {
	spec := api().ScheduleSpec(day(t, "2026-11-23"))
	assert.Equal(t, ScheduleSpec{
		Zone: newYork, At: clock(17, 0),
		Weekdays: []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Friday},
	}, spec)
}

func TestHolidaysSkipACutOrTakeItElsewhere(t *testing.T) {
	for name, c := range map[string]struct {
		subject        Timetable
		added, skipped []string
	}{
		// cut of the 3rd goes to the 1st, in place of that of the 2nd
		"holiday on a release day": {api(holidays(t, "2026-12-02")), nil, []string{"2026-12-02"}},
		"bridge":                   {api(holidays(t, "2026-11-26", "2026-11-27")), nil, []string{"2026-11-27"}},
		"holiday Friday":           {api(holidays(t, "2027-01-01")), []string{"2026-12-31"}, []string{"2027-01-01"}},
		"moved to Friday": {api(moved(t, "2026-12-02", "2026-12-04", "")),
			[]string{"2026-12-03"}, []string{"2026-12-01"}},
		"added":           {api(added(t, "2026-12-18", "")), []string{"2026-12-17"}, nil},
		"only added days": {api(weekdays(), added(t, "2026-12-18", "")), []string{"2026-12-17"}, nil},
	} {
		require.Empty(t, c.subject.Check(day(t, "2026-11-23")), name)
		spec := c.subject.ScheduleSpec(day(t, "2026-11-23"))
		assert.Equal(t, c.added, days(spec.Added), name)
		assert.Equal(t, c.skipped, days(spec.Skipped), name)
	}
}

func TestACutThatIsStillToBeCaughtUpKeepsItsEntry(t *testing.T) {
	tr := api(holidays(t, "2026-11-27"))
	spec := tr.ScheduleSpec(day(t, "2026-11-28"))
	assert.Equal(t, []string{"2026-11-27"}, days(spec.Skipped), "a Schedule applied on the day after must not fire for it")
	assert.Equal(t, []string{"2026-11-26"}, days(spec.Added))
}

func TestTheSpecDoesNotChangeFromDayToDay(t *testing.T) {
	tr := api(holidays(t, "2027-07-05", "2029-07-04"), added(t, "2028-12-29", ""))
	want := tr.ScheduleSpec(day(t, "2026-11-23"))
	for i := range 200 {
		require.Equal(t, want, tr.ScheduleSpec(day(t, "2026-11-23").Add(i)))
	}
}

// fires expands a spec as Temporal does: minute by minute of the zone's clock,
// so that a time that vanishes never fires and one that repeats fires twice.
func fires(spec ScheduleSpec, from, to time.Time) []string {
	z, err := time.LoadLocation(spec.Zone)
	if err != nil {
		panic(err)
	}
	var out []string
	for at := from; at.Before(to); at = at.Add(15 * time.Minute) { // all offsets are whole quarters
		local := at.In(z)
		if local.Hour() == spec.At.Hour && local.Minute() == spec.At.Minute && spec.Fires(DayOf(local)) {
			out = append(out, utc(at))
		}
	}
	return out
}

func TestTheScheduleFiresExactlyAtTheCutsOfAnyCalendar(t *testing.T) {
	today := day(t, "2026-11-23")
	from := instant(t, "2026-11-23T00:00:00Z")
	to := from.AddDate(2, 0, 0) // both changes of the clocks, twice, and a leap day
	zones := []string{newYork, "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Santiago", "UTC"}
	checked := 0
	for seed := range uint64(150) {
		tr := randomTimetable(rand.New(rand.NewPCG(seed, 1)), today, zones[seed%uint64(len(zones))])
		if len(tr.Check(today)) > 0 {
			continue // such a calendar is refused
		}
		checked++
		var want []string
		for _, d := range tr.Departures(from.Add(-time.Nanosecond), 800) {
			if d.CutAt.Before(to) {
				want = append(want, utc(d.CutAt))
			}
		}
		require.Equal(t, want, fires(tr.ScheduleSpec(today), from, to), "seed %d: %+v", seed, tr.Calendar)
	}
	t.Logf("%d calendars checked", checked)
	assert.Greater(t, checked, 30, "most calendars were refused: the test says little")
}

// randomTimetable has one to four release weekdays, and holidays, added and moved
// days in the next two years, around the clock changes and the turn of the year too.
func randomTimetable(r *rand.Rand, today Day, zone string) Timetable {
	tr := api(weekdays(), func(tr *Timetable) { tr.Zone, tr.Cut = zoneOf(zone), clock(17, 15*r.IntN(4)) })
	for range 1 + r.IntN(4) {
		if w := Weekday(r.IntN(7)); !slices.Contains(tr.Calendar.Weekdays, w) {
			tr.Calendar.Weekdays = append(tr.Calendar.Weekdays, w)
		}
	}
	used := map[Day]bool{}
	some := func() Day {
		d := today.Add(r.IntN(720))
		if r.IntN(4) == 0 {
			d = Day{Year: 2026 + r.IntN(2), Month: time.December, Day: 20 + r.IntN(11)}
		}
		return d
	}
	free := func(want bool) (Day, bool) {
		for range 50 {
			d := some()
			if ok, _ := tr.Calendar.Release(d); ok == want && !used[d] {
				used[d] = true
				return d, true
			}
		}
		return Day{}, false
	}
	for range r.IntN(25) {
		if d, ok := free(r.IntN(2) == 0); ok {
			tr.Calendar.Holidays = append(tr.Calendar.Holidays, Holiday{Day: d})
		}
	}
	for range r.IntN(4) {
		if d, ok := free(false); ok {
			tr.Calendar.Added = append(tr.Calendar.Added, NamedDay{Day: d})
		}
		from, ok := free(true)
		if to, ok2 := free(false); ok && ok2 {
			tr.Calendar.Moved = append(tr.Calendar.Moved, Move{From: from, To: to})
		}
	}
	return tr
}
