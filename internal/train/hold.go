package train

import (
	"slices"
	"strings"
	"time"
)

// HoldKind names a hold. docs/architecture.md, Holds.
type HoldKind string

// Holds.
const (
	HoldPause           HoldKind = "pause"
	HoldFreeze          HoldKind = "freeze"
	HoldHotfix          HoldKind = "hotfix"
	HoldEnvironmentBusy HoldKind = "environment-busy"
	HoldDrift           HoldKind = "drift"
	HoldRolledBack      HoldKind = "rolled-back"
	HoldLate            HoldKind = "late"
)

// Hold is a named stop.
type Hold struct {
	Kind   HoldKind  `json:"kind"`
	Reason string    `json:"reason"`
	By     string    `json:"by,omitempty"`
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until,omitzero"` // zero: until somebody or something ends it
	Link   string    `json:"link,omitempty"`
	// Moved says that a drift is about the tag: it is gone or points elsewhere.
	Moved bool `json:"moved,omitempty"`
	// Removes is how many commits of production the candidate of a drift lacks.
	Removes int `json:"removes,omitempty"`
}

// HoldKinds are all holds.
func HoldKinds() []HoldKind {
	return []HoldKind{HoldPause, HoldFreeze, HoldHotfix, HoldEnvironmentBusy, HoldDrift, HoldRolledBack, HoldLate}
}

// Step is an outside write of a workflow; each obeys some of the holds.
type Step string

// Steps.
const (
	StepTag              Step = "tag"
	StepChangelog        Step = "changelog"
	StepDeployStaging    Step = "deploy-staging"
	StepE2E              Step = "e2e"
	StepDeployProduction Step = "deploy-production"
	StepPlay             Step = "play"
	StepSmoke            Step = "smoke"
	StepMessage          Step = "message"
	StepFreeze           Step = "freeze"
	StepCancelPipeline   Step = "cancel-pipeline"
	StepMarkBad          Step = "mark-bad"
	StepRollback         Step = "rollback"
	StepReplacePipeline  Step = "replace-pipeline"
	StepCancelJob        Step = "cancel-job"
	StepRecord           Step = "record"
)

// DeployStepOf is the step that deploys to an environment.
func DeployStepOf(e EnvironmentName) Step {
	if e == Production {
		return StepDeployProduction
	}
	return StepDeployStaging
}

// FindHold is the hold of a kind; nil when none stands.
func FindHold(holds []Hold, kind HoldKind) *Hold {
	i := slices.IndexFunc(holds, func(h Hold) bool { return h.Kind == kind })
	if i < 0 {
		return nil
	}
	return &holds[i]
}

// WithoutHold are the holds of other kinds.
func WithoutHold(holds []Hold, kind HoldKind) []Hold {
	var rest []Hold
	for _, h := range holds {
		if h.Kind != kind {
			rest = append(rest, h)
		}
	}
	return rest
}

// SameHold says whether two holds are one. There is one hold of each kind, but of
// pauses one for each person and reason.
func SameHold(a, b Hold) bool {
	if a.Kind != HoldPause || b.Kind != HoldPause {
		return a.Kind == b.Kind
	}
	return a.Reason == b.Reason && (a.By == b.By || SameName(a.By, b.By))
}

// FindSameHold is the hold among others that is the same one; nil when it does not stand.
func FindSameHold(holds []Hold, h Hold) *Hold {
	i := slices.IndexFunc(holds, func(other Hold) bool { return SameHold(other, h) })
	if i < 0 {
		return nil
	}
	return &holds[i]
}

// HoldsOf are the holds of a kind.
func HoldsOf(holds []Hold, kind HoldKind) []Hold {
	var of []Hold
	for _, h := range holds {
		if h.Kind == kind {
			of = append(of, h)
		}
	}
	return of
}

// SetHold adds a hold or renews its reason; it stands since it was first set.
func SetHold(holds []Hold, h Hold) []Hold {
	var rest []Hold
	for _, old := range holds {
		if SameHold(old, h) {
			h.Since = old.Since
		} else {
			rest = append(rest, old)
		}
	}
	return append(rest, h)
}

// Kinds are the kinds of holds, each once.
func Kinds(holds []Hold) []HoldKind {
	var kinds []HoldKind
	for _, h := range holds {
		if !slices.Contains(kinds, h.Kind) {
			kinds = append(kinds, h.Kind)
		}
	}
	return kinds
}

// SameName compares names as people type them.
func SameName(a, b string) bool {
	return a != "" && strings.EqualFold(strings.TrimPrefix(strings.TrimSpace(a), "@"),
		strings.TrimPrefix(strings.TrimSpace(b), "@"))
}
