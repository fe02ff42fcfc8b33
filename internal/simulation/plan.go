package main

import (
	"fmt"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// plan is all that is drawn for a day. A plan and the code decide the day.
type plan struct {
	// Gate and E2E are how often the gate and the tests are looked at.
	Gate time.Duration
	// Tests is how long E2E takes.
	Tests   time.Duration
	Actions []action
	Faults  []fault
}

// anchor is what an action waits for.
type anchor string

// Anchors.
const (
	atGate        anchor = "the gate"
	atE2E         anchor = "e2e"
	atStaging     anchor = "staging"
	atProduction  anchor = "production"
	atWatching    anchor = "watching"
	atCut         anchor = "the cut"
	atDeparture   anchor = "the departure"
	atFault       anchor = "the first fault"
	atAction      anchor = "the action before"
	atWindow      anchor = "the window opens"
	atWindowsEnd  anchor = "the window closes"
	atE2EEnd      anchor = "e2e has ended"
	atStagingDone anchor = "staging is done"
	atRefused     anchor = "a command was refused"
)

var anchors = []anchor{
	atGate, atE2E, atStaging, atCut, atAction, atDeparture, atProduction, atAction, atWatching, atFault, atAction,
	atWindow, atWindowsEnd, atAction,
	atE2EEnd, atStagingDone, atRefused, atAction, atFault,
}

var (
	delays = []time.Duration{
		0,
		2 * time.Second,
		10 * time.Second,
		time.Minute,
		3 * time.Minute,
		20 * time.Minute,
		time.Hour,
		3 * time.Hour,
	}
	undos = []time.Duration{time.Minute, 10 * time.Second, 20 * time.Minute, 2 * time.Hour, 0}
	lasts = []time.Duration{0, 0, 0, 10 * time.Minute, time.Hour, 6 * time.Hour, 14 * time.Hour}
)

// action is something that people or the outside world do.
type action struct {
	Kind  string
	After anchor
	Delay time.Duration
	// Undo is how long after it its contrary follows; 0: it does not.
	Undo time.Duration
	// Update sends a command as an update, else as a signal.
	Update bool
	// Train sends it to the train, where it belongs to the train.
	Train bool
	// Choice chooses among the commands that are accepted.
	Choice int
}

func (a action) String() string {
	s := fmt.Sprintf("%s %s after %s", a.Kind, a.Delay, a.After)
	if a.Undo > 0 {
		s += fmt.Sprintf(", undone %s later", a.Undo)
	}
	if a.Kind == anyAccepted {
		s += fmt.Sprintf(", choice %d", a.Choice)
	}
	if _, command := commandKinds[a.Kind]; command || a.Kind == anyAccepted {
		door, to := "signal", "the release"
		if a.Update {
			door = "update"
		}
		if a.Train {
			to = "the train"
		}
		s += fmt.Sprintf(" (%s to %s)", door, to)
	}
	return s
}

func (p plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "gate looked at every %s, E2E takes %s\n", p.Gate, p.Tests)
	for _, a := range p.Actions {
		fmt.Fprintf(&b, "action  %s\n", a)
	}
	for _, f := range p.Faults {
		fmt.Fprintf(&b, "fault   %s\n", f)
	}
	return b.String()
}

// plans draws plans. Each list shrinks to fewer, milder and earlier things.
func plans() *rapid.Generator[plan] {
	return rapid.Custom(func(t *rapid.T) plan {
		p := plan{
			Gate:  pick(t, "gate", []time.Duration{30 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Minute}),
			Tests: pick(t, "tests", []time.Duration{30 * time.Minute, 4 * time.Hour, 8 * time.Hour, 18 * time.Hour}),
		}
		p.Actions = rapid.SliceOfN(rapid.Custom(drawAction), 0, 12).Draw(t, "actions")
		p.Faults = rapid.SliceOfN(rapid.Custom(drawFault), 0, 5).Draw(t, "faults")
		return p
	})
}

func drawAction(t *rapid.T) action {
	return action{
		Kind:   pick(t, "kind", actionKinds),
		After:  pick(t, "after", anchors),
		Delay:  pick(t, "delay", delays),
		Undo:   pick(t, "undo", undos),
		Update: rapid.Bool().Draw(t, "update"),
		Train:  rapid.Bool().Draw(t, "train"),
		Choice: pick(t, "choice", []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}),
	}
}

func drawFault(t *rapid.T) fault {
	return fault{
		Step:  pick(t, "step", steps),
		Kind:  pick(t, "kind", faultKinds),
		Skip:  pick(t, "skip", []int{0, 0, 1, 2, 3, 5}),
		Then:  pick(t, "then", []int{0, 0, 1, 2, 5}),
		Lasts: pick(t, "lasts", lasts),
	}
}

// pick draws one of a list, each about as likely as the others, and shrinks to
// the first. rapid's own choice favours small numbers and would leave holes, so
// its number is scattered.
func pick[T any](t *rapid.T, label string, list []T) T {
	const scatter = 2654435761
	n := rapid.Uint32().Draw(t, label) * scatter
	return list[int(n>>8)%len(list)]
}
