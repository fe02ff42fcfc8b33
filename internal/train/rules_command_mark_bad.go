package train

import "time"

func markBadCommand() Definition {
	return Definition{
		Name: MarkBad, NeedsReason: true, Precedence: ActsMarkBad, Example: Command{Reason: "loses bookings"},
		check: func(s *State, _ Command, _ time.Time) *Refusal {
			if r := first(needsCandidate(s), notDeploying(s)); r != nil {
				return r
			}
			if s.Bad[s.Candidate.Tag] != "" {
				return &Refusal{Code: RefusedAlreadyMarkedBad, Tag: s.Candidate.Tag}
			}
			return nil
		},
		apply: func(s *State, c Command, _ time.Time) Effect {
			bad := map[string]string{s.Candidate.Tag: c.Reason}
			for tag, why := range s.Bad {
				bad[tag] = why
			}
			s.Bad, s.Approval, s.Promotion = bad, nil, nil
			return Effect{Tag: s.Candidate.Tag}
		},
	}
}
