// Package freeze says when a GitLab deploy freeze stands, as GitLab itself
// decides it: a period is active from the last time its start cron fired until
// the next time after that its end cron fires. What a freeze stops belongs into
// internal/rules.
//
// Source: GitLab app/models/ci/freeze_period.rb; cron semantics are those of fugit.
package freeze

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/adhocore/gronx"
	"github.com/robfig/cron/v3"
)

// Period is a freeze period as GitLab keeps it.
type Period struct {
	ID int64
	// Start and End are cron expressions of five fields.
	Start, End string
	// Zone is an IANA name, or one of Rails' own; empty: UTC.
	Zone string
}

// Freeze is what stands at an instant.
type Freeze struct {
	Active bool
	// Unknown says why it cannot be told; it then counts as active. Empty: it can.
	Unknown string
	// Since is when the period began; Until when the last of a chain of periods
	// ends, zero when none does within a year. Period is the one that began it.
	Since, Until time.Time
	Period       Period
}

// At says whether any of the periods is active at an instant, and until when.
func At(periods []Period, now time.Time) Freeze {
	compiled, unknown := compileAll(periods)
	for _, p := range compiled {
		since, until, ok := p.active(now)
		if !ok {
			continue
		}
		f := Freeze{Active: true, Since: since, Period: p.Period}
		f.Until = chain(compiled, until, now)
		return f
	}
	if unknown != "" {
		return Freeze{Active: true, Unknown: unknown}
	}
	return Freeze{}
}

// Within is the first freeze that stands at some instant of [from, to).
func Within(periods []Period, from, to time.Time) Freeze {
	if f := At(periods, from); f.Active {
		return f
	}
	compiled, _ := compileAll(periods)
	var first time.Time
	for _, p := range compiled {
		start := p.start.Next(from.In(p.zone))
		if !start.IsZero() && start.Before(to) && (first.IsZero() || start.Before(first)) {
			first = start
		}
	}
	if first.IsZero() {
		return Freeze{}
	}
	return At(periods, first)
}

// farthest bounds the search for the end of a chain: further is "no end".
const farthest = 400 * 24 * time.Hour

// chain extends an end while another period is active just after it.
func chain(periods []compiled, until, now time.Time) time.Time {
	for !until.IsZero() && until.Sub(now) < farthest {
		next, found := time.Time{}, false
		for _, p := range periods {
			if _, end, ok := p.active(until.Add(time.Minute)); ok {
				found = true
				if end.IsZero() || end.After(next) {
					next = end
				}
				if end.IsZero() {
					break
				}
			}
		}
		if !found || !next.After(until) && !next.IsZero() {
			return until.UTC()
		}
		until = next
	}
	return time.Time{}
}

// compiled is a period that can be asked.
type compiled struct {
	Period
	zone       *time.Location
	start, end cron.Schedule
}

func compileAll(periods []Period) (out []compiled, unknown string) {
	for _, p := range periods {
		c, err := compile(p)
		if err != nil {
			if unknown == "" {
				unknown = fmt.Sprintf("freeze period %d cannot be read: %s", p.ID, err)
			}
			continue
		}
		out = append(out, c)
	}
	return out, unknown
}

func compile(p Period) (c compiled, err error) {
	c.Period = p
	if c.zone, err = Zone(p.Zone); err != nil {
		return c, err
	}
	if c.start, err = parse(p.Start); err != nil {
		return c, err
	}
	c.end, err = parse(p.End)
	return c, err
}

// active says whether the period is active at an instant; until is zero when it has no end.
func (c compiled) active(now time.Time) (since, until time.Time, ok bool) {
	now = now.In(c.zone)
	since, ok = previous(c.start, now)
	if !ok {
		return since, until, false
	}
	until = c.end.Next(since)
	return since.UTC(), until.UTC(), until.IsZero() || !now.After(until)
}

// looks are how far back a start is looked for; cron gives only the next time.
var looks = []time.Duration{
	2 * time.Minute, 2 * time.Hour, 25 * time.Hour, 8 * 24 * time.Hour, 63 * 24 * time.Hour,
	367 * 24 * time.Hour, 5 * 366 * 24 * time.Hour,
}

// previous is the last time a schedule fired at or before an instant.
func previous(s cron.Schedule, now time.Time) (time.Time, bool) {
	for _, back := range looks {
		t := s.Next(now.Add(-back))
		if t.IsZero() || t.After(now) {
			continue
		}
		for {
			next := s.Next(t)
			if next.IsZero() || next.After(now) {
				return t, true
			}
			t = next
		}
	}
	return time.Time{}, false
}

const cronFields = 5

// parse reads a cron expression as GitLab does: five fields, Sunday also as 7,
// and L and # where the plain library does not know them.
func parse(expression string) (cron.Schedule, error) {
	fields := strings.Fields(expression)
	if len(fields) != cronFields || strings.Contains(expression, "=") {
		return nil, fmt.Errorf("%q is not a cron expression of five fields", expression)
	}
	plain := append([]string{}, fields...)
	plain[4] = sundays(plain[4])
	s, err := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow).Parse(strings.Join(plain, " "))
	if err == nil {
		return s, nil
	}
	joined := strings.Join(fields, " ")
	if !gronx.New().IsValid(joined) {
		return nil, fmt.Errorf("%q is not a cron expression: %w", expression, err)
	}
	return special(joined), nil
}

// special is an expression with L or #.
type special string

// Next is the first time after t that the expression fires; zero when it never does.
func (s special) Next(t time.Time) time.Time {
	next, err := gronx.NextTickAfter(string(s), t, false)
	if err != nil {
		return time.Time{}
	}
	return next
}

// sundays writes the Sunday 7 of a day-of-week field as 0.
func sundays(field string) string {
	var out []string
	for _, part := range strings.Split(field, ",") {
		span, step, stepped := strings.Cut(part, "/")
		from, to, ranged := strings.Cut(span, "-")
		switch {
		case part == "7":
			out = append(out, "0")
		case ranged && to == "7":
			out = append(out, upToSunday(part, from, step, stepped))
		default:
			out = append(out, part)
		}
	}
	return strings.Join(out, ",")
}

func upToSunday(part, from, step string, stepped bool) string {
	first, err := strconv.Atoi(from)
	by := 1
	if stepped && err == nil {
		by, err = strconv.Atoi(step)
	}
	if err != nil || by < 1 || first < 0 || first > 7 {
		return part // the parser complains
	}
	var days []string
	for d := first; d <= 7; d += by {
		days = append(days, strconv.Itoa(d%7))
	}
	return strings.Join(days, ",")
}

//go:embed rails_timezones.json
var railsZones []byte

// rails maps Rails' zone names to IANA's.
var rails = sync.OnceValues(func() (map[string]string, error) {
	names := map[string]string{}
	err := json.Unmarshal(railsZones, &names)
	return names, err
})

// Zone is a zone by its IANA or Rails name; empty: UTC.
func Zone(name string) (*time.Location, error) {
	if name == "" {
		return time.UTC, nil
	}
	names, err := rails()
	if err != nil {
		return nil, err
	}
	if iana, ok := names[name]; ok {
		name = iana
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, fmt.Errorf("%q is no time zone that we know", name)
	}
	return zone, nil
}

// Crons are the start and end of a period for one span of time, in UTC. They
// recur every year: the period has to be deleted.
func Crons(from, until time.Time) (start, end string) {
	at := func(t time.Time) string {
		t = t.UTC()
		return fmt.Sprintf("%d %d %d %d *", t.Minute(), t.Hour(), t.Day(), int(t.Month()))
	}
	return at(from), at(until)
}
