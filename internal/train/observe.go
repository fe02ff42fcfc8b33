package train

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Guard is what must still hold at the very moment of a write: the activity
// that writes reads it again and returns holds as a value if it does not.
type Guard struct {
	// Train whose memory (pause, hotfix) is read.
	Train string `json:"train"`
	// Project whose freeze periods count.
	Project string `json:"project"`
	// Obeys are the holds of the step.
	Obeys []HoldKind `json:"obeys"`
	// Candidate whose tag must still point at its commit; zero: not checked.
	Candidate Candidate `json:"candidate,omitzero"`
	// Environment is the GitLab environment that no other deploy job may hold;
	// empty: not checked.
	Environment string `json:"environment,omitempty"`
	// Production, when set, is checked for drift.
	Production *Drift `json:"production,omitempty"`
}

// What tells guards apart by what they look at.
func (g Guard) What() string {
	what := fmt.Sprint(g.Train, g.Project, g.Obeys, g.Candidate.Tag, g.Candidate.SHA, g.Environment)
	if d := g.Production; d != nil {
		what += fmt.Sprint(d.Flux, d.Expected, d.Accepted)
	}
	return what
}

// Drift says what production is expected to run.
type Drift struct {
	Flux FluxObject `json:"flux"`
	// Expected is what it ran when the candidate was cut, or what was acknowledged since; zero: not known.
	Expected Version `json:"expected,omitzero"`
	// Accepted was acknowledged although it holds commits that the candidate lacks.
	Accepted Version `json:"accepted,omitzero"`
}

// Observation is what the outside world says about what must hold.
type Observation struct {
	// Freeze stands now; nil: none does.
	Freeze *Hold `json:"freeze,omitempty"`
	// Unknown says that the freeze stands because GitLab could not be asked.
	Unknown bool `json:"unknown,omitempty"`
	// Memory is the train's; nil: it remembers nothing.
	Memory *Memory `json:"memory,omitempty"`
	// Busy stands while GitLab shows another deploy job of the environment; nil: none runs.
	Busy *Hold `json:"busy,omitempty"`
	// Drift stands now; nil: none does. TagMoved says that it is the tag.
	Drift    *Hold `json:"drift,omitempty"`
	TagMoved bool  `json:"tagMoved,omitempty"`
	// Running is what production runs.
	Running Version `json:"running,omitzero"`
	// Started is the production job, when somebody started it in GitLab.
	Started *PipelineJob `json:"started,omitempty"`
	// HandMade are newer tags of the day that are not ours.
	HandMade []string `json:"handMade,omitempty"`
}

// Holds are the holds that were observed.
func (o Observation) Holds() []Hold {
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
func (o Observation) Digest() string {
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

// Watched is an observation as a release remembers it: what its own state says.
func (s *State) Watched() Observation {
	o := Observation{Running: s.Running, TagMoved: s.TagMoved, HandMade: s.HandMade, Unknown: s.FreezeUnknown}
	o.Freeze, o.Drift, o.Busy = findHold(s.Holds, HoldFreeze), findHold(s.Holds, HoldDrift), findHold(s.Holds, HoldEnvironmentBusy)
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

// Own is the change without the train's own holds.
func (c Change) Own() Change {
	c.Begun, c.Ended = withoutHold(withoutHold(c.Begun, HoldPause), HoldHotfix), withoutHold(withoutHold(c.Ended, HoldPause), HoldHotfix)
	return c
}

// Observe takes an observation into the state and says what it changed.
func (s *State) Observe(o Observation, now time.Time) Change {
	before := slices.Clone(s.Standing())
	s.take(HoldFreeze, o.Freeze, now)
	s.take(HoldDrift, o.Drift, now)
	s.take(HoldEnvironmentBusy, o.Busy, now)
	s.FreezeUnknown, s.TagMoved, s.Running = o.Unknown, o.TagMoved, o.Running
	if o.Memory == nil {
		s.recall(Memory{Revision: s.Memory.Revision})
	} else {
		s.recall(*o.Memory)
	}
	c := s.changeSince(before)
	for _, tag := range o.HandMade {
		if !slices.Contains(s.HandMade, tag) {
			c.HandMade = append(c.HandMade, tag)
		}
	}
	s.HandMade = o.HandMade
	return c
}

// take makes a hold of a kind stand as it was observed.
func (s *State) take(kind HoldKind, observed *Hold, now time.Time) {
	if observed == nil {
		s.Lift(kind)
		return
	}
	h := *observed
	if h.Since.IsZero() {
		h.Since = now
	}
	s.Holds = setHold(s.Holds, h)
}

// Met adds holds that an activity ran into at the last moment.
func (s *State) Met(holds []Hold, now time.Time) {
	for _, h := range holds {
		if h.Since.IsZero() {
			h.Since = now
		}
		if h.Kind == HoldDrift {
			s.TagMoved = h.Moved
		}
		if h.Kind == HoldPause || h.Kind == HoldHotfix {
			s.Memory.Holds = setHold(s.Memory.Holds, h)
		} else {
			s.Holds = setHold(s.Holds, h)
		}
	}
}

// recall takes over the train's memory, unless ours is newer.
func (s *State) recall(m Memory) {
	if m.Revision >= s.Memory.Revision {
		s.Memory = m
	}
}

// Hear takes over what the train tells and says what it changed. A release day
// that was skipped meanwhile is held as late until somebody decides.
func (s *State) Hear(m Memory, now time.Time) Change {
	before := slices.Clone(s.Standing())
	s.recall(m)
	why, skipped := s.Memory.Skips(s.Plan.Day)
	if skipped && s.Candidate.Tag == "" && !s.LateAccepted && findHold(s.Holds, HoldLate) == nil {
		s.Holds = setHold(s.Holds, Hold{Kind: HoldLate, Since: now, Reason: s.Plan.Day.String() + " is no longer a release day: " + why})
	}
	return s.changeSince(before)
}

// changeSince compares the holds that stand with those that stood.
func (s *State) changeSince(before []Hold) Change {
	var c Change
	now := s.Standing()
	for _, h := range now {
		if old := findHold(before, h.Kind); old == nil || old.Reason != h.Reason && h.Kind != HoldFreeze {
			c.Begun = append(c.Begun, h)
		}
	}
	for _, h := range before {
		if findHold(now, h.Kind) == nil {
			c.Ended = append(c.Ended, h)
		}
	}
	return c
}

// Guard is what must hold when a step is taken.
func (s *State) Guard(step Step) Guard {
	g := Guard{Train: s.Train.Name, Project: s.Train.Project, Obeys: step.Obeys()}
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
