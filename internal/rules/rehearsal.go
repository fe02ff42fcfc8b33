package rules

import (
	"time"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
)

// Rehearse rehearses a release day in a short time, for the demo and for tests:
// the next release day is cut now, and its window closes at the end of the
// length. The window opens after the given time, zero: after two thirds of the length.
func Rehearse(t train.Train, now time.Time, length, opens time.Duration) (train.Train, calendar.Plan) {
	day, ok := t.Timetable().NextReleaseDay(now)
	if !ok {
		day = calendar.DayOf(now.In(t.Location())).Add(1)
	}
	if opens <= 0 || opens >= length {
		opens = length * 65 / 100
	}
	p := calendar.Plan{
		Day: day, CutAt: now.UTC(), Manual: true,
		E2EDeadline: now.Add(opens * 12 / 13).UTC(), WindowOpens: now.Add(opens).UTC(), WindowCloses: now.Add(length).UTC(),
	}
	poll := max(opens/rehearsalPolls, shortestPoll).Round(time.Millisecond)
	t.Poll = train.Poll{Deploy: calendar.Duration(poll), E2E: calendar.Duration(poll), Gate: calendar.Duration(poll)}
	t.Retry.Wait = calendar.Duration(max(opens/rehearsalWaits, shortestPoll).Round(time.Millisecond))
	t.E2E.At = calendar.Clock{}
	t.E2E.Deadline = calendar.Duration(p.WindowOpens.Sub(p.E2EDeadline))
	for _, e := range []*train.Environment{&t.Staging, &t.Production} {
		limit := calendar.Duration(max(length, shortestLimit).Round(time.Millisecond))
		e.Limits = train.Limits{Job: limit, Flux: limit, Smoke: limit}
	}
	return t, p
}

const (
	// rehearsalPolls is how often a squeezed day looks at what it waits for until its window opens.
	rehearsalPolls = 100
	// rehearsalWaits is how many waits before a second attempt fit into the time until the window opens.
	rehearsalWaits = 40
	// shortestPoll keeps a squeezed day from asking in a tight loop.
	shortestPoll = 100 * time.Millisecond
	// shortestLimit allows for a machine that is busy with other tests.
	shortestLimit = 30 * time.Second
)
