package train

import "time"

// Squeeze rehearses a release day in a short time, for the demo and for tests:
// the next release day is cut now, and its window opens after two thirds of
// the length and closes at its end.
func Squeeze(t Train, now time.Time, length time.Duration) (Train, Plan) {
	day, ok := t.NextReleaseDay(now)
	if !ok {
		day = DayOf(now.In(t.Location())).Add(1)
	}
	share := func(percent int) time.Time { return now.Add(length * time.Duration(percent) / 100).UTC() }
	p := Plan{
		Day: day, CutAt: now.UTC(), Manual: true,
		E2EDeadline: share(60), WindowOpens: share(65), WindowCloses: share(100),
	}
	poll := max(length/squeezedPolls, shortestPoll).Round(time.Millisecond)
	t.Poll = Poll{Deploy: Duration(poll), E2E: Duration(poll)}
	t.E2E.At = Clock{}
	t.E2E.Deadline = Duration(p.WindowOpens.Sub(p.E2EDeadline))
	for _, e := range []*Environment{&t.Staging, &t.Production} {
		limit := Duration(max(length, shortestLimit).Round(time.Millisecond))
		e.Limits = Limits{Job: limit, Flux: limit, Smoke: limit}
	}
	return t, p
}

const (
	// squeezedPolls is how often a squeezed day looks at what it waits for.
	squeezedPolls = 150
	// shortestPoll keeps a squeezed day from asking in a tight loop.
	shortestPoll = 100 * time.Millisecond
	// shortestLimit allows for a machine that is busy with other tests.
	shortestLimit = 30 * time.Second
)
