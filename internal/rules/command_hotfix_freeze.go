package rules

import (
	"slices"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/train"
)

func hotfixFreezeCommand() Definition {
	return Definition{
		Name: train.HotfixFreeze, NeedsReason: true, OfTrain: true, Fields: []string{"until"}, Precedence: actsHotfix,
		Example:  train.Command{Reason: "hotfix for checkout", Until: "4h"},
		remember: rememberHotfixFreeze,
	}
}

func liftHotfixFreezeCommand() Definition {
	return Definition{
		Name: train.LiftHotfixFreeze, OfTrain: true, Precedence: actsLast,
		remember: liftHotfixFreeze,
	}
}

// liftHotfixFreeze ends the hold. Our freeze period is remembered until GitLab has deleted it; as long as it
// stands there, another lift has it tried again at once.
func liftHotfixFreeze(m *train.Memory, _ train.Command, _ time.Time, _ *time.Location) (Effect, *train.Refusal) {
	held := m.Holding(train.HoldHotfix)
	if f := m.Freeze; !held && (f == nil || f.ID == 0 && !f.Unknown) {
		return Effect{}, &train.Refusal{Code: train.RefusedNoHotfixFreeze}
	}
	m.Holds = train.WithoutHold(m.Holds, train.HoldHotfix)
	switch {
	case m.Freeze == nil:
	case m.Freeze.ID == 0 && !m.Freeze.Unknown && m.Freeze.Problem != "": // GitLab never made it
		m.Freeze = nil
	default:
		f := *m.Freeze
		f.Problem, f.TryAgainAt = "", time.Time{}
		m.Freeze = &f
	}
	return Effect{Retried: !held}, nil
}

// Lengths of a hotfix freeze.
const (
	freezeDefault = 24 * time.Hour
	freezeLongest = 30 * 24 * time.Hour
)

func rememberHotfixFreeze(m *train.Memory, c train.Command, now time.Time,
	zone *time.Location) (Effect, *train.Refusal) {
	until := now.Add(freezeDefault)
	if c.Until != "" {
		at, refusal := parseInstant("until", c.Until, now, zone)
		if refusal != nil {
			return Effect{}, refusal
		}
		until = at
	}
	switch {
	case !until.After(now.Add(time.Minute)):
		return Effect{}, &train.Refusal{Code: train.RefusedFreezeEndNotAhead, Field: "until", At: until}
	case until.After(now.Add(freezeLongest)):
		return Effect{}, &train.Refusal{Code: train.RefusedFreezeTooLong, Field: "until", At: until}
	}
	f := NewFreeze(now, until)
	if old := m.Freeze; old != nil {
		f.ID, f.From, f.Applied, f.Unknown = old.ID, old.From, old.Applied, old.Unknown
		if m.Holding(train.HoldHotfix) && old.Until.After(f.Until) {
			f.Until = old.Until // somebody needs it that long
		}
	}
	m.Holds = train.SetHold(m.Holds, hotfixHold(m, c, now))
	m.Freeze = f
	return Effect{Until: f.Until}, nil
}

// hotfixHold is the hold of a hotfix freeze; a second one adds its reason to those before.
func hotfixHold(m *train.Memory, c train.Command, now time.Time) train.Hold {
	h := train.Hold{Kind: train.HoldHotfix, Reason: c.Reason, By: c.By, Since: now}
	old := train.FindHold(m.Holds, train.HoldHotfix)
	if old == nil {
		return h
	}
	h.Reason = joined(old.Reason, c.Reason, "; ", train.LongestReason)
	h.By = joined(old.By, c.By, ", ", train.LongestBy)
	return h
}

// joined adds a text to a list of texts, once, as long as there is room.
func joined(list, text, separator string, limit int) string {
	switch {
	case list == "" || list == text:
		return text
	case slices.Contains(strings.Split(list, separator), text):
		return list
	}
	return train.Clip(list+separator+text, limit)
}
