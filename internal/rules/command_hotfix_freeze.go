package rules

import (
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
		remember: func(m *train.Memory, _ train.Command, _ time.Time, _ *time.Location) (Effect, *train.Refusal) {
			return liftRemembered(m, train.HoldHotfix, train.RefusedNoHotfixFreeze)
		},
	}
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
	m.Holds = train.SetHold(m.Holds, train.Hold{Kind: train.HoldHotfix, Reason: c.Reason, By: c.By, Since: now})
	f := NewFreeze(now, until)
	if old := m.Freeze; old != nil {
		f.ID, f.From, f.Applied = old.ID, old.From, old.Applied
	}
	m.Freeze = f
	return Effect{Until: f.Until}, nil
}
