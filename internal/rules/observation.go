package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
)

// GuardSubject tells guards apart by what they look at.
func GuardSubject(g train.Guard) string {
	what := fmt.Sprint(g.Train, g.Project, g.Obeys, g.Candidate.Tag, g.Candidate.SHA, g.Environment)
	if d := g.Production; d != nil {
		what += fmt.Sprint(d.Flux, d.Expected, d.Accepted)
	}
	return what
}

// ObservedHolds are the holds that were observed.
func ObservedHolds(o train.Observation) []train.Hold {
	var out []train.Hold
	if o.Memory != nil {
		out = append(out, o.Memory.Holds...)
	}
	for _, h := range []*train.Hold{o.Freeze, o.Busy, o.Drift} {
		if h != nil {
			out = append(out, *h)
		}
	}
	return out
}

// Digest tells observations apart that mean something else; texts of errors and
// instants of looking make no difference.
func Digest(o train.Observation) string {
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

// KnownObservation is what a watch begins with: the last one as a whole, and
// whether the first look is news in any case, because a hold waits for it that was learnt since.
func KnownObservation(s *train.State) (known train.Observation, report bool) {
	if s.Seen != nil {
		return *s.Seen, false
	}
	known = train.Observation{Running: s.Running, TagMoved: s.TagMoved, HandMade: s.HandMade, Unknown: s.FreezeUnknown}
	known.Freeze = train.FindHold(s.Holds, train.HoldFreeze)
	known.Drift = train.FindHold(s.Holds, train.HoldDrift)
	known.Busy = train.FindHold(s.Holds, train.HoldEnvironmentBusy)
	return known, known.Unknown || len(s.Standing())+len(s.Unconfirmed) > 0
}

// Change is what an observation made different.
type Change struct {
	Begun    []train.Hold
	Ended    []train.Hold
	HandMade []string // tags that were not known
}

// Nothing says that nothing is different.
func (c Change) Nothing() bool { return len(c.Begun)+len(c.Ended)+len(c.HandMade) == 0 }

// WithoutTrain is the change without the train's own holds.
func (c Change) WithoutTrain() Change {
	c.Begun, c.Ended = train.WithoutHold(train.WithoutHold(c.Begun, train.HoldPause),
		train.HoldHotfix), train.WithoutHold(train.WithoutHold(c.Ended, train.HoldPause), train.HoldHotfix)
	return c
}

// Observe takes an observation into the state and says what it changed.
func Observe(s *train.State, o train.Observation, now time.Time) Change {
	before := slices.Clone(s.Standing())
	if !o.TagMoved && !o.Running.IsZero() && !s.Accepted.IsZero() && o.Running.Same(s.Accepted) {
		o.Drift = nil // the look began before somebody acknowledged what it saw
	}
	takeHold(s, train.HoldFreeze, o.Freeze, now)
	takeHold(s, train.HoldDrift, o.Drift, now)
	takeHold(s, train.HoldEnvironmentBusy, o.Busy, now)
	s.FreezeUnknown, s.TagMoved, s.Running = o.Unknown, o.TagMoved, o.Running
	if o.Memory != nil { // else the train could not be asked: what it said last still holds
		takeNewerMemory(s, *o.Memory)
	}
	s.Seen = &o
	c := changeSince(s, before)
	for _, tag := range o.HandMade {
		if !slices.Contains(s.HandMade, tag) {
			c.HandMade = append(c.HandMade, tag)
		}
	}
	s.HandMade = o.HandMade
	return c
}

// takeHold makes a hold of a kind stand as it was observed.
func takeHold(s *train.State, kind train.HoldKind, observed *train.Hold, now time.Time) {
	if observed == nil {
		s.Lift(kind)
		return
	}
	h := *observed
	if h.Since.IsZero() {
		h.Since = now
	}
	s.Holds = train.SetHold(s.Holds, h)
}

// AddHolds adds holds that an activity ran into at the last moment.
func AddHolds(s *train.State, holds []train.Hold, now time.Time) {
	for _, h := range holds {
		if h.Since.IsZero() {
			h.Since = now
		}
		if h.Kind == train.HoldDrift {
			s.TagMoved, s.Running = h.Moved, train.Version{} // what runs was not told
		}
		s.Seen = nil // the next look says whether it still stands
		if h.Kind == train.HoldPause || h.Kind == train.HoldHotfix {
			s.Memory.Holds = train.SetHold(s.Memory.Holds, h)
		} else {
			s.Holds = train.SetHold(s.Holds, h)
		}
	}
}

// takeNewerMemory takes over the train's memory, unless ours is newer. What this
// release accepted and the train has not confirmed stands on top of it.
func takeNewerMemory(s *train.State, m train.Memory) {
	if m.Revision < s.Memory.Revision {
		return
	}
	s.Memory = m
	for _, h := range s.Unconfirmed {
		s.Memory.Holds = train.SetHold(s.Memory.Holds, h)
	}
}

// AwaitConfirmation keeps a hold, which this release has just accepted, until the
// train has confirmed or refused it.
func AwaitConfirmation(s *train.State, h train.Hold) {
	s.Unconfirmed = train.SetHold(s.Unconfirmed, h)
}

// Confirm takes the train's answer on a hold: it remembers it from now on, as its
// memory of that revision says.
func Confirm(s *train.State, h train.Hold, revision int64) {
	s.Unconfirmed = slices.DeleteFunc(slices.Clone(s.Unconfirmed),
		func(other train.Hold) bool { return train.SameHold(other, h) })
	s.Memory.Revision = max(s.Memory.Revision, revision)
	s.Seen = nil
}

// ForgetUnconfirmed drops what no longer stands: somebody has ended it.
func ForgetUnconfirmed(s *train.State) {
	s.Unconfirmed = slices.DeleteFunc(slices.Clone(s.Unconfirmed),
		func(h train.Hold) bool { return train.FindSameHold(s.Memory.Holds, h) == nil })
	s.Seen = nil
}

// TakeMemory takes over what the train tells and says what it changed. A release
// day that was skipped meanwhile is held as late until somebody decides; lateReason
// says so for people.
func TakeMemory(s *train.State, m train.Memory, now time.Time,
	lateReason func(day calendar.Day, why string) string) Change {
	before := slices.Clone(s.Standing())
	takeNewerMemory(s, m)
	if s.Seen != nil { // a watch that sees the same has nothing to report
		seen := *s.Seen
		seen.Memory = &m
		s.Seen = &seen
	}
	why, skipped := Skips(&s.Memory, s.Plan.Day)
	if skipped && s.Candidate.Tag == "" && !s.LateAccepted && train.FindHold(s.Holds, train.HoldLate) == nil {
		s.Holds = train.SetHold(s.Holds, train.Hold{Kind: train.HoldLate, Since: now, Reason: lateReason(s.Plan.Day, why)})
	}
	return changeSince(s, before)
}

// changeSince compares the holds that stand with those that stood.
func changeSince(s *train.State, before []train.Hold) Change {
	var c Change
	now := s.Standing()
	for _, h := range now {
		if old := train.FindSameHold(before, h); old == nil || old.Reason != h.Reason && h.Kind != train.HoldFreeze {
			c.Begun = append(c.Begun, h)
		}
	}
	for _, h := range before {
		if train.FindSameHold(now, h) == nil {
			c.Ended = append(c.Ended, h)
		}
	}
	return c
}

// GuardOf is what must hold when a step is taken.
func GuardOf(s *train.State, step train.Step) train.Guard {
	g := train.Guard{Train: s.Train.Name, Project: s.Train.Project, Obeys: Obeyed(step),
		Release: train.ReleaseID(s.Train.Name, s.Plan.Day)}
	if step != train.StepTag {
		g.Candidate = s.Candidate
	}
	switch step { //nolint:exhaustive // others deploy nothing
	case train.StepDeployStaging:
		g.Environment = s.Train.Staging.GitLabEnvironment
	case train.StepDeployProduction:
		g.Environment = s.Train.Production.GitLabEnvironment
		g.Production = &train.Drift{Flux: s.Train.Production.Flux, Expected: s.Expected, Accepted: s.Accepted}
	}
	return g
}
