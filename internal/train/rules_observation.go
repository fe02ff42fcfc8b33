package train

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// GuardSubject tells guards apart by what they look at.
func GuardSubject(g Guard) string {
	what := fmt.Sprint(g.Train, g.Project, g.Obeys, g.Candidate.Tag, g.Candidate.SHA, g.Environment)
	if d := g.Production; d != nil {
		what += fmt.Sprint(d.Flux, d.Expected, d.Accepted)
	}
	return what
}

// ObservedHolds are the holds that were observed.
func ObservedHolds(o Observation) []Hold {
	var out []Hold
	if o.Memory != nil {
		out = append(out, o.Memory.Holds...)
	}
	for _, h := range []*Hold{o.Freeze, o.Busy, o.Drift} {
		if h != nil {
			out = append(out, *h)
		}
	}
	return out
}

// Digest tells observations apart that mean something else; texts of errors and
// instants of looking make no difference.
func Digest(o Observation) string {
	var parts []string
	if o.Freeze != nil {
		parts = append(parts, fmt.Sprint("freeze", o.Unknown))
		if !o.Unknown {
			parts = append(parts, o.Freeze.Reason, o.Freeze.Until.UTC().Format(time.RFC3339))
		}
	}
	if o.Memory != nil {
		parts = append(parts, fmt.Sprint("memory", o.Memory.Revision))
	}
	if o.Busy != nil {
		parts = append(parts, "busy", o.Busy.Reason)
	}
	if o.Drift != nil {
		parts = append(parts, fmt.Sprint("drift", o.TagMoved, o.Drift.Reason))
	}
	if o.Started != nil {
		parts = append(parts, "started")
	}
	return strings.Join(append(parts, o.HandMade...), "|")
}

// Known is an observation as a release remembers it: what its own state says.
func Known(s *State) Observation {
	o := Observation{Running: s.Running, TagMoved: s.TagMoved, HandMade: s.HandMade, Unknown: s.FreezeUnknown}
	o.Freeze, o.Drift, o.Busy = FindHold(s.Holds, HoldFreeze), FindHold(s.Holds, HoldDrift), FindHold(s.Holds, HoldEnvironmentBusy)
	if s.Memory.Revision > 0 {
		m := s.Memory
		o.Memory = &m
	}
	return o
}

// Change is what an observation made different.
type Change struct {
	Begun    []Hold
	Ended    []Hold
	HandMade []string // tags that were not known
}

// Nothing says that nothing is different.
func (c Change) Nothing() bool { return len(c.Begun)+len(c.Ended)+len(c.HandMade) == 0 }

// WithoutTrain is the change without the train's own holds.
func (c Change) WithoutTrain() Change {
	c.Begun, c.Ended = WithoutHold(WithoutHold(c.Begun, HoldPause), HoldHotfix), WithoutHold(WithoutHold(c.Ended, HoldPause), HoldHotfix)
	return c
}

// Observe takes an observation into the state and says what it changed.
func Observe(s *State, o Observation, now time.Time) Change {
	before := slices.Clone(s.Standing())
	take(s, HoldFreeze, o.Freeze, now)
	take(s, HoldDrift, o.Drift, now)
	take(s, HoldEnvironmentBusy, o.Busy, now)
	s.FreezeUnknown, s.TagMoved, s.Running = o.Unknown, o.TagMoved, o.Running
	if o.Memory == nil {
		recall(s, Memory{Revision: s.Memory.Revision})
	} else {
		recall(s, *o.Memory)
	}
	c := changeSince(s, before)
	for _, tag := range o.HandMade {
		if !slices.Contains(s.HandMade, tag) {
			c.HandMade = append(c.HandMade, tag)
		}
	}
	s.HandMade = o.HandMade
	return c
}

// take makes a hold of a kind stand as it was observed.
func take(s *State, kind HoldKind, observed *Hold, now time.Time) {
	if observed == nil {
		s.Lift(kind)
		return
	}
	h := *observed
	if h.Since.IsZero() {
		h.Since = now
	}
	s.Holds = SetHold(s.Holds, h)
}

// AddHolds adds holds that an activity ran into at the last moment.
func AddHolds(s *State, holds []Hold, now time.Time) {
	for _, h := range holds {
		if h.Since.IsZero() {
			h.Since = now
		}
		if h.Kind == HoldDrift {
			s.TagMoved = h.Moved
		}
		if h.Kind == HoldPause || h.Kind == HoldHotfix {
			s.Memory.Holds = SetHold(s.Memory.Holds, h)
		} else {
			s.Holds = SetHold(s.Holds, h)
		}
	}
}

// recall takes over the train's memory, unless ours is newer.
func recall(s *State, m Memory) {
	if m.Revision >= s.Memory.Revision {
		s.Memory = m
	}
}

// TakeMemory takes over what the train tells and says what it changed. A release
// day that was skipped meanwhile is held as late until somebody decides; lateReason
// says so for people.
func TakeMemory(s *State, m Memory, now time.Time, lateReason func(day Day, why string) string) Change {
	before := slices.Clone(s.Standing())
	recall(s, m)
	why, skipped := Skips(&s.Memory, s.Plan.Day)
	if skipped && s.Candidate.Tag == "" && !s.LateAccepted && FindHold(s.Holds, HoldLate) == nil {
		s.Holds = SetHold(s.Holds, Hold{Kind: HoldLate, Since: now, Reason: lateReason(s.Plan.Day, why)})
	}
	return changeSince(s, before)
}

// changeSince compares the holds that stand with those that stood.
func changeSince(s *State, before []Hold) Change {
	var c Change
	now := s.Standing()
	for _, h := range now {
		if old := FindHold(before, h.Kind); old == nil || old.Reason != h.Reason && h.Kind != HoldFreeze {
			c.Begun = append(c.Begun, h)
		}
	}
	for _, h := range before {
		if FindHold(now, h.Kind) == nil {
			c.Ended = append(c.Ended, h)
		}
	}
	return c
}

// GuardOf is what must hold when a step is taken.
func GuardOf(s *State, step Step) Guard {
	g := Guard{Train: s.Train.Name, Project: s.Train.Project, Obeys: Obeyed(step)}
	if step != StepTag {
		g.Candidate = s.Candidate
	}
	switch step { //nolint:exhaustive // others deploy nothing
	case StepDeployStaging:
		g.Environment = s.Train.Staging.GitLabEnvironment
	case StepDeployProduction:
		g.Environment = s.Train.Production.GitLabEnvironment
		g.Production = &Drift{Flux: s.Train.Production.Flux, Expected: s.Expected, Accepted: s.Accepted}
	}
	return g
}
