package train

import (
	"slices"
	"time"

	"github.com/release-train/release-train/internal/calendar"
)

// Phase is where a release is in its day. PRODUCT.md section 3.
type Phase string

// Phases, in the order of the day.
const (
	Departing   Phase = "departing"
	Cutting     Phase = "cutting"
	OnStaging   Phase = "staging"
	Testing     Phase = "e2e"
	AtGate      Phase = "gate"
	Producing   Phase = "production"
	RollingBack Phase = "rolling-back"
	Watching    Phase = "watching"
	Ended       Phase = "ended"
)

// End is how a release ended.
type End string

// Ends of a release.
const (
	EndReleased   End = "released"
	EndRolledBack End = "rolled-back"
	EndSuperseded End = "superseded"
	EndMissed     End = "missed"
	EndCancelled  End = "cancelled"
	EndNothing    End = "nothing-to-release"
)

// HoldKind names a hold. PRODUCT.md section 4.
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

// E2EState is what is known of the E2E run of a candidate.
type E2EState string

// States of E2E. The empty state: not started.
const (
	E2ERunning     E2EState = "running"
	E2EGreen       E2EState = "green"
	E2ERed         E2EState = "red"
	E2EOverdue     E2EState = "overdue"
	E2ECouldNotRun E2EState = "could-not-run"
	E2EVoid        E2EState = "void"
)

// E2E is the E2E run of one candidate.
type E2E struct {
	State E2EState `json:"state"`
	// Run counts the runs of this candidate from 1.
	Run int    `json:"run"`
	Tag string `json:"tag"`
	// Why says what is wrong when it is not green or running.
	Why         string    `json:"why,omitempty"`
	PipelineID  int64     `json:"pipelineId,omitempty"`
	PipelineURL string    `json:"pipelineUrl,omitempty"`
	StartedAt   time.Time `json:"startedAt,omitzero"`
	EndedAt     time.Time `json:"endedAt,omitzero"`
	Report      E2EReport `json:"report,omitzero"`
}

// Ended says whether the run has a result, or passed its deadline without one.
func (e *E2E) Ended() bool {
	return e != nil && (e.State == E2EGreen || e.State == E2ERed || e.State == E2EOverdue || e.State == E2ECouldNotRun)
}

// E2EReport is what an E2E pipeline found, shortened for people.
type E2EReport struct {
	Tests  int `json:"tests,omitempty"`
	Failed int `json:"failed,omitempty"`
	// Specs are the failing specs, at most 10; MoreSpecs counts the rest.
	Specs     []FailingSpec `json:"specs,omitempty"`
	MoreSpecs int           `json:"moreSpecs,omitempty"`
	// CypressURL is the recorded run in Cypress Cloud.
	CypressURL string `json:"cypressUrl,omitempty"`
}

// FailingSpec is a spec file with a failing test.
type FailingSpec struct {
	Spec string `json:"spec"`
	// Test is the first failing test in it.
	Test string `json:"test,omitempty"`
	// Owners are the CODEOWNERS of the spec, Groups their groups in Slack; none when unknown.
	Owners []string `json:"owners,omitempty"`
	Groups []string `json:"groups,omitempty"`
	// Recent is how often it failed lately on the default branch, as GitLab counts.
	Recent int `json:"recent,omitempty"`
}

// WaitingFor classifies what a release waits for, for lists.
type WaitingFor string

// What a release may wait for.
const (
	WaitTime     WaitingFor = "time"
	WaitPipeline WaitingFor = "pipeline"
	WaitPerson   WaitingFor = "person"
	WaitHold     WaitingFor = "hold"
	WaitNothing  WaitingFor = "nothing"
)

// Waiting is what a release is waiting for.
type Waiting struct {
	For WaitingFor `json:"for"`
	// What is a clause that follows "waiting for".
	What string `json:"what"`
	// Since is when this wait began.
	Since time.Time `json:"since"`
	// Next is a sentence that says what happens then, and NextAt when (zero: open end).
	Next   string    `json:"next,omitempty"`
	NextAt time.Time `json:"nextAt,omitzero"`
	// URL shows what is waited for; may be empty.
	URL string `json:"url,omitempty"`
}

// Approval opens the E2E gate for one run of one candidate.
type Approval struct {
	Tag string `json:"tag"`
	Run int    `json:"run"`
	// State is what was approved: a run that gets worse afterwards was not.
	State  E2EState  `json:"state"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
	// Used says that production was deployed with it.
	Used bool `json:"used,omitempty"`
}

// Promotion skips the window for one candidate.
type Promotion struct {
	Tag    string    `json:"tag"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
	Until  time.Time `json:"until"`
}

// Orders are what people asked the main line to do.
type Orders struct {
	// Recut asks for a new candidate.
	Recut *Recut `json:"recut,omitempty"`
	// Rerun asks for a new E2E run.
	Rerun bool `json:"rerun,omitempty"`
	// Retry asks for another attempt at an environment.
	Retry EnvironmentName `json:"retry,omitempty"`
	// Rollback asks to put back what an environment ran before.
	Rollback *RollbackOrder `json:"rollback,omitempty"`
}

// Recut is a new candidate that was asked for.
type Recut struct {
	// SHA is the commit; Tag, when set, exists already and is adopted.
	SHA    string     `json:"sha"`
	Tag    string     `json:"tag,omitempty"`
	By     string     `json:"by"`
	Reason string     `json:"reason"`
	Adds   Difference `json:"adds"`
	Drops  Difference `json:"drops"`
}

// Difference are commits by count, the newest few by title.
type Difference struct {
	Count  int      `json:"count"`
	Titles []string `json:"titles,omitempty"`
}

// Ending is why the release has been told to end.
type Ending struct {
	End End    `json:"end"`
	Why string `json:"why"`
}

// State is all that a release remembers of its day. Workflows change it, pure
// functions read it.
type State struct {
	Train Train         `json:"train"`
	Plan  calendar.Plan `json:"plan"`
	// By is who started the day by hand; empty for the Schedule.
	By string `json:"by,omitempty"`

	Phase      Phase     `json:"phase"`
	DepartedAt time.Time `json:"departedAt"`
	Waiting    Waiting   `json:"waiting"`
	// Holds are the release's own; those of the train are in Memory.
	Holds  []Hold `json:"holds,omitempty"`
	Memory Memory `json:"memory,omitzero"`
	Record Record `json:"record,omitzero"`
	Orders Orders `json:"orders,omitzero"`

	// Deployed is what production ran at the cut: where the changelog begins.
	Deployed RunningVersion `json:"deployed,omitzero"`
	// Expected is what production should still run, Running what it was last
	// seen to run, Accepted what was acknowledged although the candidate lacks some of it.
	Expected Version `json:"expected,omitzero"`
	Running  Version `json:"running,omitzero"`
	Accepted Version `json:"accepted,omitzero"`

	Candidate Candidate       `json:"candidate,omitzero"`
	Warning   string          `json:"warning,omitempty"`
	Changelog ChangelogDigest `json:"changelog,omitzero"`

	// Evidence, bound to Candidate.
	Staging    *Deploy `json:"staging,omitempty"`
	E2E        *E2E    `json:"e2e,omitempty"`
	Production *Deploy `json:"production,omitempty"`
	// E2ERuns counts the E2E runs of the day, over all candidates.
	E2ERuns int `json:"e2eRuns,omitempty"`
	// Approval and Promotion are for Candidate; nil: none stands.
	Approval  *Approval  `json:"approval,omitempty"`
	Promotion *Promotion `json:"promotion,omitempty"`

	// Bad are tags that were marked bad, and why.
	Bad map[string]string `json:"bad,omitempty"`
	// Former are the earlier candidates of the day, HandMade its tags that are not ours.
	Former   []string `json:"former,omitempty"`
	HandMade []string `json:"handMade,omitempty"`
	// TagMoved says that the hold drift is about the tag; FreezeUnknown that the
	// hold freeze stands because GitLab could not be asked.
	TagMoved      bool `json:"tagMoved,omitempty"`
	FreezeUnknown bool `json:"freezeUnknown,omitempty"`
	// LateAccepted says that somebody has acknowledged that it is late.
	LateAccepted bool `json:"lateAccepted,omitempty"`
	// Ending is set once when something asked the release to end.
	Ending *Ending `json:"ending,omitempty"`

	// Released is the tag that went to production, and when.
	Released   string    `json:"released,omitempty"`
	ReleasedAt time.Time `json:"releasedAt,omitzero"`
	End        End       `json:"end,omitempty"`
	EndWhy     string    `json:"endWhy,omitempty"`
	EndedAt    time.Time `json:"endedAt,omitzero"`
}

// DeployOf is the latest deploy at an environment, nil when there was none.
func (s *State) DeployOf(e EnvironmentName) *Deploy {
	if e == Production {
		return s.Production
	}
	return s.Staging
}

// SetDeploy records the latest deploy at its environment.
func (s *State) SetDeploy(d Deploy) { s.RestoreDeploy(d.Environment, &d) }

// RestoreDeploy puts back the record of an environment's last deploy, nil when
// there was none: nothing came of a new one.
func (s *State) RestoreDeploy(e EnvironmentName, d *Deploy) {
	if e == Production {
		s.Production = d
	} else {
		s.Staging = d
	}
}

// Standing are all holds that stand: the train's and the release's own.
func (s *State) Standing() []Hold { return slices.Concat(s.Memory.Holds, s.Holds) }

// Hold is the hold of a kind that stands; nil: none does.
func (s *State) Hold(kind HoldKind) *Hold { return FindHold(s.Standing(), kind) }

// Lift ends a hold of the release's own.
func (s *State) Lift(kind HoldKind) { s.Holds = WithoutHold(s.Holds, kind) }

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

// SetHold adds a hold or renews its reason; it stands since it was first set.
func SetHold(holds []Hold, h Hold) []Hold {
	if old := FindHold(holds, h.Kind); old != nil {
		h.Since = old.Since
	}
	return append(WithoutHold(holds, h.Kind), h)
}

// Kinds are the kinds of holds.
func Kinds(holds []Hold) []HoldKind {
	var kinds []HoldKind
	for _, h := range holds {
		kinds = append(kinds, h.Kind)
	}
	return kinds
}
