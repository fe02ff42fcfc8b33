package rules

import (
	"time"

	"github.com/release-train/release-train/internal/train"
)

func tryAgainCommand() Definition {
	return Definition{
		Name: train.TryAgain,
		check: func(s *train.State, _ train.Command, _ time.Time) *train.Refusal {
			if s.Stuck == nil {
				return &train.Refusal{Code: train.RefusedNothingStuck}
			}
			return nil
		},
		apply: func(s *train.State, _ train.Command, _ time.Time) Effect {
			s.Orders.TryAgain = true
			return Effect{}
		},
	}
}
