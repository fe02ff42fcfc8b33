package train

import "time"

func hotfixFreezeCommand() Definition {
	return Definition{
		Name: HotfixFreeze, NeedsReason: true, OfTrain: true, Fields: []string{"until"}, Precedence: ActsHotfix,
		Example:  Command{Reason: "hotfix for checkout", Until: "4h"},
		remember: rememberHotfixFreeze,
	}
}

func liftHotfixFreezeCommand() Definition {
	return Definition{
		Name: LiftHotfixFreeze, OfTrain: true, Precedence: ActsLast,
		remember: func(m *Memory, _ Command, _ time.Time, _ *time.Location) (Effect, *Refusal) {
			return liftRemembered(m, HoldHotfix, RefusedNoHotfixFreeze)
		},
	}
}

// Lengths of a hotfix freeze.
const (
	freezeDefault = 24 * time.Hour
	freezeLongest = 30 * 24 * time.Hour
)

func rememberHotfixFreeze(m *Memory, c Command, now time.Time, zone *time.Location) (Effect, *Refusal) {
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
		return Effect{}, &Refusal{Code: RefusedFreezeEndNotAhead, Field: "until", At: until}
	case until.After(now.Add(freezeLongest)):
		return Effect{}, &Refusal{Code: RefusedFreezeTooLong, Field: "until", At: until}
	}
	m.Holds = SetHold(m.Holds, Hold{Kind: HoldHotfix, Reason: c.Reason, By: c.By, Since: now})
	f := NewFreeze(now, until)
	if old := m.Freeze; old != nil {
		f.ID, f.From, f.Applied = old.ID, old.From, old.Applied
	}
	m.Freeze = f
	return Effect{Until: f.Until}, nil
}
