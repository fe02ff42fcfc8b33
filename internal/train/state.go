package train

import "time"

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
}

// Step is an outside write of a workflow. Each passes the door and obeys the
// holds that Obeys lists.
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
)

// DeployStepOf is the step that deploys to an environment.
func DeployStepOf(e EnvironmentName) Step {
	if e == Production {
		return StepDeployProduction
	}
	return StepDeployStaging
}

// Obeys lists the holds that keep a step from being taken. The play inside a
// DeployWorkflow has passed its release's door; what must still hold is
// re-checked by the activity that plays. Messages and the changelog obey none.
func (s Step) Obeys() []HoldKind {
	stops := []HoldKind{HoldPause, HoldFreeze, HoldHotfix}
	switch s {
	case StepTag:
		return append(stops, HoldLate)
	case StepDeployStaging:
		return append(stops, HoldEnvironmentBusy)
	case StepDeployProduction:
		return append(stops, HoldEnvironmentBusy, HoldDrift, HoldRolledBack)
	case StepE2E:
		return stops
	default:
		return nil
	}
}

// Blocking lists the holds, of those that stand, that the step obeys.
func (s Step) Blocking(holds []Hold) []Hold {
	var out []Hold
	for _, h := range holds {
		for _, k := range s.Obeys() {
			if h.Kind == k {
				out = append(out, h)
			}
		}
	}
	return out
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
	PipelineURL string    `json:"pipelineUrl,omitempty"`
	StartedAt   time.Time `json:"startedAt,omitzero"`
	EndedAt     time.Time `json:"endedAt,omitzero"`
	Report      E2EReport `json:"report,omitzero"`
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
	// Owners are the CODEOWNERS of the spec; none when unknown.
	Owners []string `json:"owners,omitempty"`
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

// State is all that a release remembers of its day. Workflows change it, pure
// functions read it.
type State struct {
	Train Train `json:"train"`
	Plan  Plan  `json:"plan"`
	// By is who started the day by hand; empty for the Schedule.
	By string `json:"by,omitempty"`

	Phase      Phase     `json:"phase"`
	DepartedAt time.Time `json:"departedAt"`
	Waiting    Waiting   `json:"waiting"`
	Holds      []Hold    `json:"holds,omitempty"`

	// Deployed is what production ran at the cut.
	Deployed  RunningVersion  `json:"deployed,omitzero"`
	Candidate Candidate       `json:"candidate,omitzero"`
	Warning   string          `json:"warning,omitempty"`
	Changelog ChangelogDigest `json:"changelog,omitzero"`

	// Evidence, bound to Candidate.
	Staging    *Deploy `json:"staging,omitempty"`
	E2E        *E2E    `json:"e2e,omitempty"`
	Production *Deploy `json:"production,omitempty"`

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
func (s *State) SetDeploy(d Deploy) {
	if d.Environment == Production {
		s.Production = &d
	} else {
		s.Staging = &d
	}
}

// Summary is the result of the release at its end.
func (s *State) Summary() Summary {
	sum := Summary{
		Train: s.Train.Name, Day: s.Plan.Day, End: s.End, Why: s.EndWhy,
		Tag: s.Candidate.Tag, SHA: s.Candidate.SHA, From: s.Deployed.Version.String(),
		DepartAt: s.DepartedAt, CutAt: s.Candidate.CutAt, Released: s.ReleasedAt, EndedAt: s.EndedAt,
		Commits: s.Changelog.Commits, Requests: s.Changelog.Requests,
		FirstAt: s.Changelog.FirstCommitAt, MedianAt: s.Changelog.MedianCommitAt,
		Changelog: s.Changelog.URL, Compare: s.Changelog.CompareURL,
	}
	if s.Staging.Succeeded() {
		sum.StagedAt, sum.StagingAt = s.Staging.EndedAt, s.Staging.JobURL
	}
	if s.Production.Succeeded() {
		sum.ProdAt = s.Production.JobURL
	}
	if s.E2E != nil {
		sum.E2E, sum.TestedAt, sum.E2EURL, sum.CypressAt = s.E2E.State, s.E2E.EndedAt, s.E2E.PipelineURL, s.E2E.Report.CypressURL
	}
	return sum
}
