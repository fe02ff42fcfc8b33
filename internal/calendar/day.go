package calendar

import (
	"fmt"
	"time"
)

// Day is a civil date without a zone, written YYYY-MM-DD. The zero Day is "no
// day" and is written as the empty string.
type Day struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDay reads YYYY-MM-DD and refuses days that do not exist.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Day{}, fmt.Errorf("%q is not a day: write YYYY-MM-DD, for example 2026-11-24", s)
	}
	return DayOf(t), nil
}

// DayOf is the civil date of t in t's own location.
func DayOf(t time.Time) Day {
	y, m, d := t.Date()
	return Day{y, m, d}
}

// IsZero says whether there is no day.
func (d Day) IsZero() bool { return d == Day{} }

// String is YYYY-MM-DD, or empty for the zero Day.
func (d Day) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// MarshalText writes the day as String does.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (d *Day) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Day{}
		return nil
	}
	v, err := ParseDay(string(b))
	if err != nil {
		return err
	}
	*d = v
	return nil
}

// Add is the day n days later (earlier when n is negative).
func (d Day) Add(n int) Day {
	return DayOf(time.Date(d.Year, d.Month, d.Day+n, 12, 0, 0, 0, time.UTC))
}

// Weekday of the day.
func (d Day) Weekday() time.Weekday {
	return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC).Weekday()
}

// Before says whether d lies before e.
func (d Day) Before(e Day) bool { return d.String() < e.String() }

// At is the instant of a wall clock time on this day in a zone. A time that
// daylight saving skips is moved forward by the gap; one that occurs twice
// means the first.
func (d Day) At(c Clock, zone *time.Location) time.Time {
	// time.Date does not say which of two instants it takes, and in practice it
	// differs by the sign of the zone's offset. So try the offset from before a
	// possible change, then the one from after it.
	wall := time.Date(d.Year, d.Month, d.Day, c.Hour, c.Minute, 0, 0, time.UTC)
	const day = 24 * time.Hour
	before := wall.Add(-offset(wall.Add(-day), zone))
	after := wall.Add(-offset(wall.Add(day), zone))
	shows := func(at time.Time) bool { return at.Add(offset(at, zone)).Equal(wall) }
	if !shows(before) && shows(after) {
		return after.In(zone)
	}
	return before.In(zone)
}

// offset is what a zone's clocks are ahead of UTC at an instant.
func offset(at time.Time, zone *time.Location) time.Duration {
	_, seconds := at.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

// Clock is a wall clock time of day with minutes, written HH:MM.
type Clock struct {
	Hour   int
	Minute int
}

// ParseClock reads HH:MM on a 24 hour clock.
func ParseClock(s string) (Clock, error) {
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != 5 {
		return Clock{}, fmt.Errorf("%q is not a time of day: write HH:MM on a 24 hour clock, for example 17:00", s)
	}
	return Clock{t.Hour(), t.Minute()}, nil
}

// IsZero says whether the clock was left out; midnight counts as left out.
func (c Clock) IsZero() bool { return c == Clock{} }

// String is HH:MM.
func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", c.Hour, c.Minute) }

// MarshalText writes HH:MM, or nothing for the zero Clock.
func (c Clock) MarshalText() ([]byte, error) {
	if c.IsZero() {
		return nil, nil
	}
	return []byte(c.String()), nil
}

// UnmarshalText reads HH:MM.
func (c *Clock) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*c = Clock{}
		return nil
	}
	v, err := ParseClock(string(b))
	if err != nil {
		return err
	}
	*c = v
	return nil
}

// before says whether c is earlier in the day than e.
func (c Clock) before(e Clock) bool { return c.Hour*60+c.Minute < e.Hour*60+e.Minute }

// Duration is a span that people type and read, written as Go writes it: 90s,
// 60m, 8h. Zero means "left out".
type Duration time.Duration

// D is the span as the standard library's type.
func (d Duration) D() time.Duration { return time.Duration(d) }

// String drops the zero units that Go's own form trails: 1h, not 1h0m0s.
func (d Duration) String() string {
	t := time.Duration(d)
	switch {
	case t == 0:
		return "0s"
	case t%time.Hour == 0:
		return fmt.Sprintf("%dh", t/time.Hour)
	case t%time.Minute == 0:
		return fmt.Sprintf("%dm", t/time.Minute)
	default:
		return t.String()
	}
}

// MarshalText writes String, or nothing for zero.
func (d Duration) MarshalText() ([]byte, error) {
	if d == 0 {
		return nil, nil
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads 90s, 60m, 8h.
func (d *Duration) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = 0
		return nil
	}
	v, err := time.ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("%q is not a duration: write for example 90s, 60m or 8h", b)
	}
	if v < 0 {
		return fmt.Errorf("%q is negative: a duration here is 0 or more", b)
	}
	*d = Duration(v)
	return nil
}
