package calendar

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// day reads a day that a test states.
func day(t *testing.T, s string) Day {
	t.Helper()
	d, err := ParseDay(s)
	require.NoError(t, err)
	return d
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(name)
	require.NoError(t, err)
	return l
}

func TestADayIsReadAndWrittenAsYearMonthDay(t *testing.T) {
	d := day(t, "2028-02-29")
	assert.Equal(t, Day{Year: 2028, Month: time.February, Day: 29}, d)
	assert.Equal(t, "2028-02-29", d.String())
	assert.Equal(t, time.Tuesday, d.Weekday())
}

func TestWhatIsNoDayIsRefusedWithTheRightForm(t *testing.T) {
	for _, s := range []string{"", "2027-02-29", "2026-11-31", "2026-13-01", "2026-1-2", "26-11-24", "2026/11/24",
		"24.11.2026", "2026-11-24T00:00:00Z", " 2026-11-24", "tomorrow"} {
		_, err := ParseDay(s)
		require.Error(t, err, s)
		assert.Contains(t, err.Error(), "write YYYY-MM-DD", s)
	}
}

func TestNoDayIsWrittenAsNothingAndReadBack(t *testing.T) {
	data, err := json.Marshal(Day{})
	require.NoError(t, err)
	assert.Equal(t, `""`, string(data))
	d := day(t, "2026-11-24")
	require.NoError(t, json.Unmarshal(data, &d))
	assert.True(t, d.IsZero())
}

func TestDaysAreCountedOverMonthsYearsAndLeapDays(t *testing.T) {
	for _, c := range []struct {
		from string
		add  int
		want string
	}{
		{"2026-12-31", 1, "2027-01-01"},
		{"2027-01-01", -1, "2026-12-31"},
		{"2028-02-28", 1, "2028-02-29"},
		{"2027-02-28", 1, "2027-03-01"},
		{"2027-03-13", 1, "2027-03-14"}, // spring forward in New York
		{"2026-11-01", -1, "2026-10-31"},
		{"2026-11-24", 0, "2026-11-24"},
		{"2026-11-24", 366, "2027-11-25"},
	} {
		assert.Equal(t, c.want, day(t, c.from).Add(c.add).String(), "%s%+d", c.from, c.add)
	}
}

func TestDaysAreOrderedByTheCalendar(t *testing.T) {
	days := []string{"2026-09-30", "2026-10-01", "2026-10-09", "2026-10-10", "2027-01-01"}
	for i := range days {
		for j := range days {
			assert.Equal(t, i < j, day(t, days[i]).Before(day(t, days[j])), "%s before %s", days[i], days[j])
		}
	}
	assert.True(t, Day{}.Before(day(t, "2026-01-01")))
}

func TestADayIsTheDateWhereTheClockStands(t *testing.T) {
	at := time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)
	assert.Equal(t, "2026-11-24", DayOf(at).String())
	assert.Equal(t, "2026-11-23", DayOf(at.In(zone(t, "America/New_York"))).String())
}

// A wall clock time on the day of a change: skipped ones move forward by the
// gap, of repeated ones the first counts, east and west of Greenwich.
func TestAWallClockTimeMeansOneInstantAlsoWhenTheClocksChange(t *testing.T) {
	for _, c := range []struct {
		zone, day, clock, want string
	}{
		{"America/New_York", "2026-11-24", "17:00", "2026-11-24T22:00:00Z"},
		{"America/New_York", "2027-07-06", "11:00", "2027-07-06T15:00:00Z"},
		{"America/New_York", "2027-03-14", "01:59", "2027-03-14T06:59:00Z"},
		{"America/New_York", "2027-03-14", "02:30", "2027-03-14T07:30:00Z"}, // skipped: 03:30
		{"America/New_York", "2027-03-14", "03:00", "2027-03-14T07:00:00Z"},
		{"America/New_York", "2027-03-14", "17:00", "2027-03-14T21:00:00Z"},
		{"America/New_York", "2027-11-07", "01:30", "2027-11-07T05:30:00Z"}, // repeated: the first
		{"America/New_York", "2027-11-07", "02:00", "2027-11-07T07:00:00Z"},
		{"Europe/Berlin", "2027-03-28", "02:30", "2027-03-28T01:30:00Z"},
		{"Europe/Berlin", "2027-10-31", "02:30", "2027-10-31T00:30:00Z"},
		{"Europe/Berlin", "2027-10-31", "03:00", "2027-10-31T02:00:00Z"},
		{"Australia/Lord_Howe", "2027-10-03", "02:15", "2027-10-02T15:45:00Z"}, // half an hour is skipped
		{"Australia/Lord_Howe", "2027-04-04", "01:45", "2027-04-03T14:45:00Z"},
		{"Pacific/Auckland", "2027-09-26", "02:30", "2027-09-25T14:30:00Z"},
		{"Asia/Kathmandu", "2026-11-24", "17:00", "2026-11-24T11:15:00Z"},
		{"UTC", "2026-11-24", "00:00", "2026-11-24T00:00:00Z"},
	} {
		clock, err := ParseClock(c.clock)
		require.NoError(t, err)
		at := day(t, c.day).At(clock, zone(t, c.zone))
		assert.Equal(t, c.want, at.UTC().Format(time.RFC3339), "%s %s in %s", c.day, c.clock, c.zone)
	}
}

// Every hour of two years: what exists is shown by the clock as asked for, and
// no earlier instant shows the same.
func TestEveryWallClockTimeThatExistsIsMetAtItsFirstOccurrence(t *testing.T) {
	for _, name := range []string{"America/New_York", "Europe/Berlin", "America/Santiago",
		"Australia/Sydney", "Asia/Kolkata"} {
		z := zone(t, name)
		first := map[string]time.Time{}
		start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		for at := start; at.Year() < 2028; at = at.Add(30 * time.Minute) {
			wall := at.In(z).Format("2006-01-02 15:04")
			if _, known := first[wall]; !known {
				first[wall] = at
			}
		}
		for wall, want := range first {
			at, err := time.Parse("2006-01-02 15:04", wall)
			require.NoError(t, err)
			got := DayOf(at).At(Clock{Hour: at.Hour(), Minute: at.Minute()}, z)
			if !got.Equal(want) {
				t.Errorf("%s in %s: got %s, want %s", wall, name, got.UTC(), want)
			}
		}
	}
}

func TestAClockIsReadAsHoursAndMinutes(t *testing.T) {
	c, err := ParseClock("09:05")
	require.NoError(t, err)
	assert.Equal(t, Clock{Hour: 9, Minute: 5}, c)
	assert.Equal(t, "09:05", c.String())
	for _, s := range []string{"", "9:05", "24:00", "25:00", "11:60", "11", "11:00:00", "11:00 am", "1100", "11.00"} {
		_, err := ParseClock(s)
		require.Error(t, err, s)
		assert.Contains(t, err.Error(), "write HH:MM", s)
	}
}

func TestClocksAreOrderedByTheTimeOfDay(t *testing.T) {
	assert.True(t, Clock{Hour: 9, Minute: 59}.before(Clock{Hour: 10}))
	assert.False(t, Clock{Hour: 10}.before(Clock{Hour: 10}))
	assert.False(t, Clock{Hour: 10, Minute: 1}.before(Clock{Hour: 10}))
}

func TestClocksSurviveJSON(t *testing.T) {
	for _, c := range []Clock{{}, {Hour: 17}, {Hour: 0, Minute: 1}, {Hour: 23, Minute: 59}} {
		data, err := json.Marshal(c)
		require.NoError(t, err)
		got := Clock{Hour: 1}
		require.NoError(t, json.Unmarshal(data, &got))
		assert.Equal(t, c, got, string(data))
	}
}

func TestADurationIsWrittenShortAndSurvivesJSON(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Hour:                     "1h",
		90 * time.Minute:              "90m",
		30 * time.Minute:              "30m",
		90 * time.Second:              "1m30s",
		100 * time.Millisecond:        "100ms",
		12345678901 * time.Nanosecond: "12.345678901s",
		26*time.Hour + 1:              "26h0m0.000000001s",
		time.Duration(1<<63 - 1):      "2562047h47m16.854775807s",
	} {
		assert.Equal(t, want, Duration(d).String())
		data, err := json.Marshal(Duration(d))
		require.NoError(t, err)
		var got Duration
		require.NoError(t, json.Unmarshal(data, &got))
		assert.Equal(t, d, got.D())
	}
	assert.Equal(t, "0s", Duration(0).String())
}

func TestWhatIsNoDurationIsRefusedWithTheRightForm(t *testing.T) {
	for s, want := range map[string]string{"60": "write for example", "1 hour": "write for example",
		"1d": "write for example", "-5m": "negative", "9999999h": "write for example"} {
		var d Duration
		err := d.UnmarshalText([]byte(s))
		require.Error(t, err, s)
		assert.Contains(t, err.Error(), want, s)
	}
}
