package main

import (
	"slices"
	"time"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/sandbox"
	"github.com/release-train/release-train/internal/train"
)

// releaseDay is the day that is simulated: its departure on Monday, its window on Tuesday.
var releaseDay = calendar.Day{Year: 2026, Month: 11, Day: 24}

// day is one simulated day.
type day struct {
	*world
	plan     plan
	instants calendar.Plan
	id       string // the release
	sent     map[string]*sent
	senders  int
	phase    train.Phase
	reached  map[anchor]bool
	waiting  map[anchor][]int // actions by index
	status   train.Status
	memory   *train.MemoryStatus
	facts    facts
	orders   []*order
	healed   bool
}

// runDay plays a day to its end.
func runDay(t train.Train, a *adapters, p plan) (*day, error) {
	t.Poll.Gate, t.Poll.E2E = calendar.Duration(p.Gate), calendar.Duration(p.Gate)
	t.Poll.Deploy = calendar.Duration(30 * time.Second)
	instants := t.Timetable().PlanFor(releaseDay)
	w, err := newWorld(t, a, instants.CutAt.Add(-time.Minute), sandbox.Pace{
		Build: 2 * time.Minute, Deploy: 5 * time.Minute, Flux: 3 * time.Minute, Smoke: 2 * time.Minute, E2E: p.Tests,
	})
	if err != nil {
		return nil, err
	}
	d := &day{
		world: w, plan: p, instants: instants, id: train.ReleaseID(t.Name, releaseDay),
		sent: map[string]*sent{}, reached: map[anchor]bool{}, waiting: map[anchor][]int{},
	}
	d.facts.begin()
	w.day = d
	for i := range p.Faults {
		f := p.Faults[i]
		w.faults.list = append(w.faults.list, &f)
	}
	w.faults.struck = func(*fault) { d.reach(atFault) }
	d.prepare()
	w.play()
	return d, nil
}

// prepare puts the day's fixed points and the actions into the time.
func (d *day) prepare() {
	for i, a := range d.plan.Actions {
		if a.After == atAction && i > 0 {
			continue // the one before starts it
		}
		d.waiting[a.After] = append(d.waiting[a.After], i)
	}
	d.at(d.instants.CutAt, func() {
		d.startWorkflow("departure-api", train.DepartureWorkflow, train.DepartureInput{Train: d.train.Name}, d.instants.CutAt)
		d.reach(atDeparture)
		d.reach(atAction) // an action that has none before it
	})
	d.at(d.instants.WindowOpens, func() { d.reach(atWindow) })
	d.at(d.instants.WindowCloses, func() { d.reach(atWindowsEnd) })
	for at := d.instants.CutAt.Add(lookEvery); at.Before(d.instants.NextCutAt); at = at.Add(lookEvery) {
		d.at(at, d.check)
	}
	d.at(d.instants.NextCutAt.Add(-healBefore), d.heal)
	d.at(d.instants.NextCutAt, func() {
		d.say("temporal", "the next release departs")
		d.supersede()
	})
	d.at(d.instants.NextCutAt.Add(healBefore), d.heal) // what was lifted too early is lifted now
	d.at(d.instants.NextCutAt.Add(settlesWithin), func() { d.atEnd(); d.stop() })
}

const (
	// lookEvery is how often the day is looked at when nothing happens.
	lookEvery = 30 * time.Minute
	// healBefore is how long before the next departure all that was broken is mended.
	healBefore = 15 * time.Minute
	// settlesWithin is how long after the next departure all has to be over.
	settlesWithin = 5 * time.Hour
)

// heal mends what is broken outside and lifts what holds.
func (d *day) heal() {
	d.healed = true
	d.say("outside", "everything is mended, holds are lifted")
	d.faults.list = nil
	for _, job := range []string{d.train.Staging.Job, d.train.Production.Job, "e2e", "smoke"} {
		d.sandbox.SetOutcome(job, "success")
		d.sandbox.FailTimes(job, "success", 0)
	}
	for _, c := range []string{"staging", "production"} {
		d.sandbox.SetFlux(c, "")
	}
	d.deleteFreezes()
	for _, name := range []train.CommandName{train.Resume, train.LiftHotfixFreeze} {
		if e := d.executions[train.MemoryID(d.train.Name)]; e != nil && e.open {
			d.command(action{Kind: string(name), Update: true, Train: true}, name)
		}
	}
}

// supersede is the next departure's first word to this release.
func (d *day) supersede() {
	if e := d.executions[d.id]; e != nil && e.open {
		_ = d.env.SignalWorkflowByID(d.id, train.SignalSupersede, train.Supersede{By: "release-api-2026-11-25"})
	}
}

// reach starts the actions that wait for an anchor.
func (d *day) reach(a anchor) {
	if d.reached[a] || d.healed {
		return
	}
	d.reached[a] = true
	for _, i := range d.waiting[a] {
		d.arm(i)
	}
}

func (d *day) arm(i int) {
	a := d.plan.Actions[i]
	d.after(a.Delay+time.Duration(i+1)*time.Millisecond, func() {
		if d.healed {
			return
		}
		d.act(a)
		d.dirty = true
		if i+1 < len(d.plan.Actions) && d.plan.Actions[i+1].After == atAction {
			d.arm(i + 1)
		}
	})
}

// deleteFreezes deletes the freeze periods that are not ours.
func (d *day) deleteFreezes() {
	for _, f := range d.sandbox.Freezes(d.train.Project) {
		if !slices.Contains(d.facts.freezes, f.ID) {
			d.sandbox.DeleteFreeze(f.ID)
		}
	}
}

// newPhase notices where the release has come to.
func (d *day) newPhase(st train.Status) {
	if st.Phase != d.phase {
		d.phase = st.Phase
		d.say("release", "%s; waits for %s", st.Phase, st.Waiting.What)
	}
	if a, ok := map[train.Phase]anchor{
		train.Cutting: atCut, train.OnStaging: atStaging, train.Testing: atE2E, train.AtGate: atGate,
		train.Producing: atProduction, train.Watching: atWatching,
	}[st.Phase]; ok {
		d.reach(a)
	}
	if st.Staging.Succeeded() {
		d.reach(atStagingDone)
	}
	if st.E2E.Ended() {
		d.reach(atE2EEnd)
	}
}

// nextTag is a tag of the day with a patch number.
func (d *day) nextTag(patch int) string {
	return train.Tag{Prefix: d.train.TagPrefix, Day: releaseDay, Patch: patch}.String()
}
