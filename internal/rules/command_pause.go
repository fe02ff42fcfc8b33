package rules

import (
	"time"

	"github.com/release-train/release-train/internal/train"
)

func pauseCommand() Definition {
	return Definition{
		Name: train.Pause, NeedsReason: true, OfTrain: true, Precedence: actsPause,
		Example: train.Command{Reason: "checkout is down"},
		remember: func(m *train.Memory, c train.Command, now time.Time, _ *time.Location) (Effect, *train.Refusal) {
			m.Holds = train.SetHold(m.Holds, train.Hold{Kind: train.HoldPause, Reason: c.Reason, By: c.By, Since: now})
			return Effect{}, nil
		},
	}
}

func resumeCommand() Definition {
	return Definition{
		Name: train.Resume, OfTrain: true, Precedence: actsLast,
		remember: func(m *train.Memory, _ train.Command, _ time.Time, _ *time.Location) (Effect, *train.Refusal) {
			return liftRemembered(m, train.HoldPause, train.RefusedNotPaused)
		},
	}
}

// liftRemembered ends a hold that the train remembers.
func liftRemembered(m *train.Memory, kind train.HoldKind, missing train.RefusalCode) (Effect, *train.Refusal) {
	if !m.Holding(kind) {
		return Effect{}, &train.Refusal{Code: missing}
	}
	m.Holds = train.WithoutHold(m.Holds, kind)
	return Effect{}, nil
}
