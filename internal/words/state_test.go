package words

import (
	"time"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
)

// shownRelease is a release of 24 November 2026 in New York with a candidate.
func shownRelease(staging train.DeployOutcome, e2e train.E2EState) *train.State {
	opens := time.Date(2026, 11, 24, 16, 0, 0, 0, time.UTC)
	s := &train.State{
		Train: train.Train{Name: "api", Zone: "America/New_York"},
		Plan: calendar.Plan{Day: calendar.Day{Year: 2026, Month: 11, Day: 24}, WindowOpens: opens,
			WindowCloses: opens.Add(5 * time.Hour), NextCutAt: opens.Add(6 * time.Hour)},
		Candidate: train.Candidate{Tag: "api/v2026.11.24.1", SHA: "0123456789"},
		Staging:   &train.Deploy{Environment: train.Staging, Tag: "api/v2026.11.24.1", Outcome: staging},
	}
	if e2e != "" {
		s.E2E = &train.E2E{State: e2e, Why: "1 test of 4 failed"}
	}
	return s
}
