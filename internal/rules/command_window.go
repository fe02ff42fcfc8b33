package rules

import (
	"time"

	"github.com/release-train/release-train/internal/train"
)

func promoteNowCommand() Definition {
	return Definition{
		Name: train.PromoteNow, NeedsReason: true, Precedence: actsInOrder,
		Example: train.Command{Reason: "agreed with support"},
		check:   checkPromote,
		apply: func(s *train.State, c train.Command, now time.Time) Effect {
			s.Promotion = &train.Promotion{Tag: s.Candidate.Tag, By: c.By, Reason: c.Reason, At: now, Until: now.Add(promoteFor)}
			return Effect{}
		},
	}
}

// promoteFor is how long promote-now skips the window: long enough to lift what
// else blocks, short enough that nobody has forgotten it.
const promoteFor = time.Hour

func checkPromote(s *train.State, _ train.Command, now time.Time) *train.Refusal {
	if r := firstRefusal(needsCandidate(s), notInProduction(s), notDeploying(s)); r != nil {
		return r
	}
	switch {
	case s.Phase != train.AtGate && (s.Phase != train.Producing || !s.Production.Failed()):
		return &train.Refusal{Code: train.RefusedNotAtGate, Phase: s.Phase}
	case WindowOpen(s, now) && Promoted(s, now):
		return &train.Refusal{Code: train.RefusedWindowAlreadySkipped, Until: s.Promotion.Until}
	case WindowOpen(s, now):
		return &train.Refusal{Code: train.RefusedWindowOpen}
	}
	return nil
}

func moveProductionCommand() Definition {
	return Definition{
		Name: train.MoveProduction, NeedsReason: true, Fields: []string{"at"},
		Required: []string{"at"}, Precedence: actsInOrder,
		Example: train.Command{At: "14:00", Reason: "waits for marketing"},
		check:   checkMove,
		apply: func(s *train.State, c train.Command, now time.Time) Effect {
			at, _ := parseInstant("at", c.At, now, s.Train.Location())
			s.Plan = s.Plan.MovedTo(at)
			return Effect{}
		},
	}
}

func checkMove(s *train.State, c train.Command, now time.Time) *train.Refusal {
	if r := firstRefusal(notInProduction(s), notDeploying(s)); r != nil {
		return r
	}
	at, refusal := parseInstant("at", c.At, now, s.Train.Location())
	switch {
	case refusal != nil:
		return refusal
	case !at.After(now):
		return &train.Refusal{Code: train.RefusedTimePassed, Field: "at", At: at}
	case !s.Plan.NextCutAt.IsZero() && !at.Before(s.Plan.NextCutAt):
		return &train.Refusal{Code: train.RefusedAfterNextDeparture, Field: "at", At: at, Until: s.Plan.NextCutAt}
	case at.After(now.Add(freezeLongest)):
		return &train.Refusal{Code: train.RefusedTimeTooFar, Field: "at", At: at}
	}
	return nil
}
