package train

import "time"

func promoteNowCommand() Definition {
	return Definition{
		Name: PromoteNow, NeedsReason: true, Precedence: ActsInOrder, Example: Command{Reason: "agreed with support"},
		check: checkPromote,
		apply: func(s *State, c Command, now time.Time) Effect {
			s.Promotion = &Promotion{Tag: s.Candidate.Tag, By: c.By, Reason: c.Reason, At: now, Until: now.Add(promoteFor)}
			return Effect{}
		},
	}
}

// promoteFor is how long promote-now skips the window: long enough to lift what
// else blocks, short enough that nobody has forgotten it.
const promoteFor = time.Hour

func checkPromote(s *State, _ Command, now time.Time) *Refusal {
	if r := first(needsCandidate(s), notInProduction(s), notDeploying(s)); r != nil {
		return r
	}
	switch {
	case s.Phase != AtGate && (s.Phase != Producing || !s.Production.Failed()):
		return &Refusal{Code: RefusedNotAtGate, Phase: s.Phase}
	case WindowOpen(s, now) && Promoted(s, now):
		return &Refusal{Code: RefusedWindowAlreadySkipped, Until: s.Promotion.Until}
	case WindowOpen(s, now):
		return &Refusal{Code: RefusedWindowOpen}
	}
	return nil
}

func moveProductionCommand() Definition {
	return Definition{
		Name: MoveProduction, NeedsReason: true, Fields: []string{"at"}, Required: []string{"at"}, Precedence: ActsInOrder,
		Example: Command{At: "14:00", Reason: "waits for marketing"},
		check:   checkMove,
		apply: func(s *State, c Command, now time.Time) Effect {
			at, _ := parseInstant("at", c.At, now, s.Train.Location())
			s.Plan = s.Plan.MovedTo(at)
			return Effect{}
		},
	}
}

func checkMove(s *State, c Command, now time.Time) *Refusal {
	if r := first(notInProduction(s), notDeploying(s)); r != nil {
		return r
	}
	at, refusal := parseInstant("at", c.At, now, s.Train.Location())
	switch {
	case refusal != nil:
		return refusal
	case !at.After(now):
		return &Refusal{Code: RefusedTimePassed, Field: "at", At: at}
	case !s.Plan.NextCutAt.IsZero() && !at.Before(s.Plan.NextCutAt):
		return &Refusal{Code: RefusedAfterNextDeparture, Field: "at", At: at, Until: s.Plan.NextCutAt}
	case at.After(now.Add(freezeLongest)):
		return &Refusal{Code: RefusedTimeTooFar, Field: "at", At: at}
	}
	return nil
}
