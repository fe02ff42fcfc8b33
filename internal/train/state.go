package train

import (
	"slices"
	"time"

	"github.com/release-train/release-train/internal/calendar"
)

// Phase is where a release is in its day. docs/architecture.md, Phases of a day.
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
	// Cut asks for a new candidate.
	Cut *CutOrder `json:"recut,omitempty"`
	// TryAgain asks to try the stuck step at once.
	TryAgain bool `json:"tryAgain,omitempty"`
	// Rerun asks for a new E2E run.
	Rerun bool `json:"rerun,omitempty"`
	// Retry asks for another attempt at an environment.
	Retry EnvironmentName `json:"retry,omitempty"`
	// Rollback asks to put back what an environment ran before.
	Rollback *RollbackOrder `json:"rollback,omitempty"`
}

// CutOrder is a new candidate that was asked for.
type CutOrder struct {
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

// Stuck is a step that failed for a reason outside the candidate. It is tried
// again by itself every few minutes, and at once by try-again.
type Stuck struct {
	// Doing says what is tried, as a clause; Problem why it failed.
	Doing   string `json:"doing"`
	Problem string `json:"problem"`
	// Since is when it failed first, Next when it is tried again.
	Since time.Time `json:"since"`
	Next  time.Time `json:"next"`
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
	// Removed are the commits of what was acknowledged that the candidate takes out of production.
	Removed Difference `json:"removed,omitzero"`

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
	// Seen is the last observation of a watch as a whole; nil: what the next look sees is news.
	Seen *Observation `json:"seen,omitempty"`
	// Unconfirmed are holds of the train that this release accepted itself and that the
	// train has not confirmed yet: what is read of the train does not end them.
	Unconfirmed []Hold `json:"unconfirmed,omitempty"`
	// Stuck is the step that fails for a reason outside the candidate; nil: none does.
	Stuck *Stuck `json:"stuck,omitempty"`
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
