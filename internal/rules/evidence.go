package rules

import "github.com/release-train/release-train/internal/train"

// Error logs count as risen when there are at least risenAtLeast of them and
// risenTimes as many as before: a few more are noise.
const (
	risenAtLeast = 10
	risenTimes   = 2
)

// ErrorsRose says whether there are clearly more error logs than before.
func ErrorsRose(e train.Evidence) bool {
	return e.Errors >= risenAtLeast && e.Errors >= risenTimes*e.Before
}

// Verdict is what a failed deploy looks like, and from what that is concluded.
type Verdict struct {
	Looks train.Likeness
	Basis VerdictBasis
}

// VerdictBasis says from what a verdict is concluded.
type VerdictBasis string

// What a verdict is concluded from.
const (
	// BasisSigns: error logs rose or monitors fire.
	BasisSigns VerdictBasis = "signs"
	// BasisCause: the failure's own kind; Datadog did not tell.
	BasisCause VerdictBasis = "cause"
	// BasisNoAnswer: Datadog did not tell, and the failure says nothing by itself.
	BasisNoAnswer VerdictBasis = "no-answer"
	// BasisCauseAndLogs: the failure's own kind, and logs that did not rise.
	BasisCauseAndLogs VerdictBasis = "cause-and-logs"
	// BasisOutcomeUnknown: the outcome of the deploy is not known.
	BasisOutcomeUnknown VerdictBasis = "outcome-unknown"
	// BasisLogs: logs that did not rise.
	BasisLogs VerdictBasis = "logs"
)

// JudgeEvidence says what a failed deploy looks like, from its own kind and from
// what Datadog says.
func JudgeEvidence(e train.Evidence, d train.Deploy) Verdict {
	transient := d.Kind == train.FailureTransient
	switch {
	case ErrorsRose(e) || len(e.Monitors) > 0:
		return Verdict{train.LooksRegression, BasisSigns}
	case e.Problem != "" && transient:
		return Verdict{train.LooksFlakiness, BasisCause}
	case e.Problem != "":
		return Verdict{train.LooksUnclear, BasisNoAnswer}
	case transient:
		return Verdict{train.LooksFlakiness, BasisCauseAndLogs}
	case d.Kind == train.FailureUnknown:
		return Verdict{train.LooksUnclear, BasisOutcomeUnknown}
	}
	return Verdict{train.LooksFlakiness, BasisLogs}
}
