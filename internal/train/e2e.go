package train

import (
	"time"
)

// StartE2EInput starts an E2E run, if staging runs the candidate.
type StartE2EInput struct {
	Pipeline  StartPipelineInput `json:"pipeline"`
	Flux      FluxObject         `json:"flux"`
	Candidate Candidate          `json:"candidate"`
	Guard     Guard              `json:"guard"`
}

// StartedE2E is the run's pipeline.
type StartedE2E struct {
	StartedPipeline
	// Void says that staging runs something else, so that nothing was started.
	Void string `json:"void,omitempty"`
	// Holds kept it from being started.
	Holds []Hold `json:"holds,omitempty"`
}

// BlockingHolds are the holds that the activity ran into.
func (s StartedE2E) BlockingHolds() []Hold { return s.Holds }

// E2EFound is what a run found.
type E2EFound struct {
	Report E2EReport `json:"report"`
	// Void says that staging runs something else at the end of the run.
	Void string `json:"void,omitempty"`
}

// ReadE2EReportInput asks what an E2E pipeline found.
type ReadE2EReportInput struct {
	Project    string     `json:"project"`
	PipelineID int64      `json:"pipelineId"`
	Ref        string     `json:"ref"` // where CODEOWNERS is read
	Flux       FluxObject `json:"flux"`
	Candidate  Candidate  `json:"candidate"`
	// JUnit is a pattern of JUnit files in the jobs' artifacts; empty: none are read.
	JUnit string `json:"junit,omitempty"`
	// Groups are the Slack groups of owners.
	Groups map[string]string `json:"groups,omitempty"`
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
	// Voids counts void runs in a row: after a few of them people are asked.
	Voids int `json:"voids,omitempty"`
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
