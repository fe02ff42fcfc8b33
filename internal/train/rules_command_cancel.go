package train

import "time"

// cancelCommand is carried out by the workflow, which ends the release and stops
// what runs where that is asked for.
func cancelCommand() Definition {
	return Definition{
		Name: Cancel, NeedsReason: true, Fields: []string{"force"}, Precedence: ActsCancel, Example: Command{Reason: "no release today"},
		check: func(s *State, c Command, _ time.Time) *Refusal {
			switch {
			case InProduction(s):
				return &Refusal{Code: RefusedReleaseEndsByItself, Tag: s.Candidate.Tag, At: s.Waiting.NextAt}
			case s.Ending != nil && (!c.Force || !s.Production.Running()):
				return &Refusal{Code: RefusedReleaseEnding, Detail: s.Ending.Why}
			case c.Force && !s.Production.Running():
				return &Refusal{Code: RefusedNothingToForce, Field: "force"}
			}
			return nil
		},
		apply: func(_ *State, c Command, _ time.Time) Effect { return Effect{Forced: c.Force} },
	}
}
