package train

import "time"

func pauseCommand() Definition {
	return Definition{
		Name: Pause, NeedsReason: true, OfTrain: true, Precedence: ActsPause, Example: Command{Reason: "checkout is down"},
		remember: func(m *Memory, c Command, now time.Time, _ *time.Location) (Effect, *Refusal) {
			m.Holds = SetHold(m.Holds, Hold{Kind: HoldPause, Reason: c.Reason, By: c.By, Since: now})
			return Effect{}, nil
		},
	}
}

func resumeCommand() Definition {
	return Definition{
		Name: Resume, OfTrain: true, Precedence: ActsLast,
		remember: func(m *Memory, _ Command, _ time.Time, _ *time.Location) (Effect, *Refusal) {
			return liftRemembered(m, HoldPause, RefusedNotPaused)
		},
	}
}

// liftRemembered ends a hold that the train remembers.
func liftRemembered(m *Memory, kind HoldKind, missing RefusalCode) (Effect, *Refusal) {
	if !m.Holding(kind) {
		return Effect{}, &Refusal{Code: missing}
	}
	m.Holds = WithoutHold(m.Holds, kind)
	return Effect{}, nil
}
