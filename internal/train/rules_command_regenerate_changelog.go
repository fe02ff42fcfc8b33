package train

import "time"

// regenerateChangelogCommand is carried out by the workflow.
func regenerateChangelogCommand() Definition {
	return Definition{
		Name: RegenerateChangelog, Fields: []string{"previousTag"}, Required: []string{"previousTag"}, Precedence: ActsInOrder,
		Example: Command{PreviousTag: "api/v2026.11.23.1"},
		check: func(s *State, c Command, _ time.Time) *Refusal {
			if r := needsCandidate(s); r != nil {
				return r
			}
			if c.PreviousTag == s.Candidate.Tag {
				return &Refusal{Code: RefusedStartsAtCandidate, Field: "previousTag", Tag: s.Candidate.Tag}
			}
			return nil
		},
	}
}
