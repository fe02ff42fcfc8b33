package rules

import (
	"slices"
	"time"

	"github.com/release-train/release-train/internal/train"
)

func pauseCommand() Definition {
	return Definition{
		Name: train.Pause, NeedsReason: true, OfTrain: true, Precedence: actsPause,
		Example: train.Command{Reason: "checkout is down"}, remember: rememberPause,
	}
}

func resumeCommand() Definition {
	return Definition{
		Name: train.Resume, OfTrain: true, Fields: []string{"of", "all"}, Precedence: actsLast, remember: liftPauses,
	}
}

// pausesKept bounds the pauses that a train remembers.
const pausesKept = 50

// rememberPause adds a pause beside those that stand: whoever lifts one leaves the others' alone.
func rememberPause(m *train.Memory, c train.Command, now time.Time, _ *time.Location) (Effect, *train.Refusal) {
	h := train.Hold{Kind: train.HoldPause, Reason: c.Reason, By: c.By, Since: now}
	pauses := train.HoldsOf(m.Holds, train.HoldPause)
	if len(pauses) >= pausesKept && train.FindSameHold(pauses, h) == nil {
		return Effect{}, &train.Refusal{Code: train.RefusedTooManyPauses, Limit: pausesKept}
	}
	m.Holds = train.SetHold(m.Holds, h)
	left := slices.DeleteFunc(pauses, func(other train.Hold) bool { return train.SameHold(other, h) })
	return Effect{Left: left}, nil
}

// liftPauses ends the only pause, those of a person, or all.
func liftPauses(m *train.Memory, c train.Command, _ time.Time, _ *time.Location) (Effect, *train.Refusal) {
	pauses := train.HoldsOf(m.Holds, train.HoldPause)
	meant := func(h train.Hold) bool {
		return h.Kind == train.HoldPause && (c.All || c.Of == "" || train.SameName(h.By, c.Of))
	}
	var effect Effect
	var rest []train.Hold
	for _, h := range m.Holds {
		switch {
		case meant(h):
			effect.Lifted = append(effect.Lifted, h)
			continue
		case h.Kind == train.HoldPause:
			effect.Left = append(effect.Left, h)
		}
		rest = append(rest, h)
	}
	switch {
	case len(pauses) == 0:
		return Effect{}, &train.Refusal{Code: train.RefusedNotPaused}
	case len(effect.Lifted) == 0:
		return Effect{}, &train.Refusal{Code: train.RefusedNotPausedBy, Field: "of", Value: c.Of, Pauses: pauses}
	case len(pauses) > 1 && c.Of == "" && !c.All:
		return Effect{}, &train.Refusal{Code: train.RefusedSeveralPauses, Pauses: pauses}
	}
	m.Holds = rest
	return effect, nil
}

// resumes are the inputs of resume that would be accepted: whose pause it is where several stand.
func resumes(m *train.Memory, c train.Command) []train.Command {
	pauses := train.HoldsOf(m.Holds, train.HoldPause)
	if len(pauses) < 2 {
		return []train.Command{c}
	}
	var out []train.Command
	for _, h := range pauses {
		of := c
		of.Of = h.By
		offered := func(other train.Command) bool { return train.SameName(other.Of, of.Of) }
		if h.By != "" && !slices.ContainsFunc(out, offered) {
			out = append(out, of)
		}
	}
	c.All = true
	return append(out, c)
}
