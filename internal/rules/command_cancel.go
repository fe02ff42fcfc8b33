package rules

import (
	"time"

	"github.com/release-train/release-train/internal/train"
)

// cancelCommand is carried out by the workflow, which ends the release and stops
// what runs where that is asked for.
func cancelCommand() Definition {
	return Definition{
		Name: train.Cancel, NeedsReason: true, Fields: []string{"force"}, Precedence: actsCancel,
		Example: train.Command{Reason: "no release today"},
		check: func(s *train.State, c train.Command, _ time.Time) *train.Refusal {
			switch {
			case InProduction(s):
				return &train.Refusal{Code: train.RefusedReleaseEndsByItself, Tag: s.Candidate.Tag, At: s.Waiting.NextAt}
			case s.Ending != nil && (!c.Force || !s.Production.Running()):
				return &train.Refusal{Code: train.RefusedReleaseEnding, Detail: s.Ending.Why}
			case c.Force && !s.Production.Running():
				return &train.Refusal{Code: train.RefusedNothingToForce, Field: "force"}
			}
			return nil
		},
		apply: func(_ *train.State, c train.Command, _ time.Time) Effect { return Effect{Forced: c.Force} },
	}
}
