package rules

import (
	"maps"
	"time"

	"github.com/release-train/release-train/internal/train"
)

func markBadCommand() Definition {
	return Definition{
		Name: train.MarkBad, NeedsReason: true, Precedence: actsMarkBad, Example: train.Command{Reason: "loses bookings"},
		check: func(s *train.State, _ train.Command, _ time.Time) *train.Refusal {
			if r := firstRefusal(needsCandidate(s), notDeploying(s)); r != nil {
				return r
			}
			if s.Bad[s.Candidate.Tag] != "" {
				return &train.Refusal{Code: train.RefusedAlreadyMarkedBad, Tag: s.Candidate.Tag}
			}
			return nil
		},
		apply: func(s *train.State, c train.Command, _ time.Time) Effect {
			bad := maps.Clone(s.Bad) // a copy of the state keeps its own
			if bad == nil {
				bad = map[string]string{}
			}
			bad[s.Candidate.Tag] = c.Reason
			s.Bad, s.Approval, s.Promotion = bad, nil, nil
			return Effect{Tag: s.Candidate.Tag}
		},
	}
}
