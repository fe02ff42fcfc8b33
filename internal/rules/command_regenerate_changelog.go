package rules

import (
	"time"

	"github.com/release-train/release-train/internal/train"
)

// regenerateChangelogCommand is carried out by the workflow.
func regenerateChangelogCommand() Definition {
	return Definition{
		Name: train.RegenerateChangelog, Fields: []string{"previousTag"},
		Required: []string{"previousTag"}, Precedence: actsInOrder,
		Example: train.Command{PreviousTag: "api/v2026.11.23.1"},
		check: func(s *train.State, c train.Command, _ time.Time) *train.Refusal {
			if r := needsCandidate(s); r != nil {
				return r
			}
			if c.PreviousTag == s.Candidate.Tag {
				return &train.Refusal{Code: train.RefusedStartsAtCandidate, Field: "previousTag", Tag: s.Candidate.Tag}
			}
			return nil
		},
	}
}
