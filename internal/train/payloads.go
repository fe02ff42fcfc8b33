package train

import (
	"time"

	"github.com/release-train/release-train/internal/calendar"
)

// Inputs and results of workflows.

// DepartureInput starts a departure. The Schedule sends only the train's name.
type DepartureInput struct {
	Train string `json:"train"`
	// Day asks for one release day; zero: the scheduled one, or the next for a manual start.
	Day calendar.Day `json:"day,omitzero"`
	// By is who started it by hand; empty for the Schedule.
	By string `json:"by,omitempty"`
	// Again allows a second release of a day whose first one has ended.
	Again bool `json:"again,omitempty"`
	// Squeeze rehearses the day in this much time, for the demo and tests; zero: the calendar's times.
	Squeeze calendar.Duration `json:"squeeze,omitzero"`
	// Opens is when the window of a squeezed day opens, counted from its start; zero: after two thirds.
	Opens calendar.Duration `json:"opens,omitzero"`
}

// DepartureResult says what a departure did.
type DepartureResult struct {
	// ReleaseID is the started release; empty when none was started.
	ReleaseID string       `json:"releaseId,omitempty"`
	Day       calendar.Day `json:"day,omitzero"`
	// Sentence says it for people.
	Sentence string `json:"sentence"`
}

// ReleaseInput is a release's configuration and its instants, fixed at departure.
type ReleaseInput struct {
	Train Train         `json:"train"`
	Plan  calendar.Plan `json:"plan"`
	// By is who started it by hand; empty for the Schedule.
	By string `json:"by,omitempty"`
	// Searchable says that the namespace knows our search attributes.
	Searchable bool `json:"searchable,omitempty"`
	// Resume is the state of the run before, when the history had grown long.
	Resume *Handover `json:"resume,omitempty"`
}

// Handover is what a release hands to its next run.
type Handover struct {
	State        State `json:"state"`
	Passed       int   `json:"passed,omitempty"`
	Changelogs   int   `json:"changelogs,omitempty"`
	Rollbacks    int   `json:"rollbacks,omitempty"`
	RefusalsTold int   `json:"refusalsTold,omitempty"`
	// Told counts announcements: their keys go on from there.
	Told int `json:"told,omitempty"`
}

// Supersede tells an open release that the next one has departed.
type Supersede struct {
	// By is the workflow ID of the release that takes over.
	By string `json:"by"`
}

// Summary is a release's result, at most 20 KB; reports are made of it.
type Summary struct {
	Train     string       `json:"train"`
	Day       calendar.Day `json:"day"`
	End       End          `json:"end"`
	Why       string       `json:"why,omitempty"` // one sentence
	Tag       string       `json:"tag,omitempty"`
	SHA       string       `json:"sha,omitempty"`
	From      string       `json:"from,omitempty"` // what production ran before
	DepartAt  time.Time    `json:"departedAt,omitzero"`
	CutAt     time.Time    `json:"cutAt,omitzero"`
	StagedAt  time.Time    `json:"stagedAt,omitzero"`
	TestedAt  time.Time    `json:"testedAt,omitzero"`
	Released  time.Time    `json:"releasedAt,omitzero"`
	EndedAt   time.Time    `json:"endedAt,omitzero"`
	E2E       E2EState     `json:"e2e,omitempty"`
	Commits   int          `json:"commits,omitempty"`
	Requests  int          `json:"mergeRequests,omitempty"`
	FirstAt   time.Time    `json:"firstCommitAt,omitzero"`
	MedianAt  time.Time    `json:"medianCommitAt,omitzero"`
	Changelog string       `json:"changelogUrl,omitempty"`
	Compare   string       `json:"compareUrl,omitempty"`
	E2EURL    string       `json:"e2eUrl,omitempty"`
	CypressAt string       `json:"cypressUrl,omitempty"`
	Former    []string     `json:"formerCandidates,omitempty"`
	Approval  *Approval    `json:"approval,omitempty"`
	Record    Record       `json:"record,omitzero"`
	StagingAt string       `json:"stagingJobUrl,omitempty"`
	ProdAt    string       `json:"productionJobUrl,omitempty"`
}

// Inputs and results of activities. A Key is stored at the vendor, so that a
// repeated call finds what an earlier one did.

// PlanDepartureInput asks which day departs now.
type PlanDepartureInput struct {
	Train string `json:"train"`
	// ScheduledAt is the Schedule's nominal time; zero for a manual start.
	ScheduledAt time.Time         `json:"scheduledAt,omitzero"`
	Now         time.Time         `json:"now"`
	Day         calendar.Day      `json:"day,omitzero"`
	Squeeze     calendar.Duration `json:"squeeze,omitzero"`
	Opens       calendar.Duration `json:"opens,omitzero"`
}

// PlannedDeparture is the release that departs, or why none does.
type PlannedDeparture struct {
	Train Train         `json:"train"`
	Plan  calendar.Plan `json:"plan"`
	// Refused says why nothing departs; empty when something does.
	Refused string `json:"refused,omitempty"`
	// Searchable says that the namespace knows our search attributes.
	Searchable bool `json:"searchable,omitempty"`
}

// AwaitClosedInput waits until a workflow has ended.
type AwaitClosedInput struct {
	WorkflowID string            `json:"workflowId"`
	Poll       calendar.Duration `json:"poll"`
}

// CloseOlderInput asks that all other open releases of a train end.
type CloseOlderInput struct {
	Train string `json:"train"`
	// Self is the release that departs; it is left alone.
	Self string `json:"self"`
	Poll Poll   `json:"poll"`
}

// CloseOlderResult lists the releases that ended, and what the train remembers.
type CloseOlderResult struct {
	Closed []string `json:"closed,omitempty"`
	Memory *Memory  `json:"memory,omitempty"`
}

// AskTrainInput passes a command on to the train.
type AskTrainInput struct {
	Train   string      `json:"train"`
	Name    CommandName `json:"name"`
	Command Command     `json:"command"`
}

// MemoryAnswer is what the train answered.
type MemoryAnswer struct {
	// Refused says why; empty: it was accepted.
	Refused string `json:"refused,omitempty"`
	// Why is the refusal as a value.
	Why    *Refusal `json:"why,omitempty"`
	Answer Answer   `json:"answer"`
}

// Refusal is the refusal as a value, also where only its sentence came.
func (a MemoryAnswer) Refusal(name CommandName) *Refusal {
	if a.Why != nil {
		return a.Why
	}
	return &Refusal{Code: RefusedByTrain, Command: name, Detail: a.Refused}
}

// TellReleasesInput hands the train's memory to its open releases.
type TellReleasesInput struct {
	Train string `json:"train"`
	News  News   `json:"news"`
}

// ToldReleases are the releases that were told.
type ToldReleases struct {
	IDs []string `json:"ids,omitempty"`
}

// News is what the train tells its open release.
type News struct {
	Memory Memory `json:"memory"`
	// Decisions that led to it, in their order.
	Decisions []Decision `json:"decisions,omitempty"`
}

// MemoryInput starts a TrainWorkflow.
type MemoryInput struct {
	Train string `json:"train"`
	// Memory and Record come from the run before.
	Memory Memory `json:"memory,omitzero"`
	Record Record `json:"record,omitzero"`
}

// ReadTrainInput asks for a train's configuration.
type ReadTrainInput struct {
	Train string `json:"train"`
}

// ReadTrainResult is the configuration, or why there is none.
type ReadTrainResult struct {
	Train   Train  `json:"train,omitzero"`
	Refused string `json:"refused,omitempty"`
}

// FreezeInput creates, changes or deletes our freeze period.
type FreezeInput struct {
	Project string    `json:"project"`
	Freeze  OwnFreeze `json:"freeze"`
	Key     string    `json:"key"`
}

// FreezeResult is the freeze period as GitLab has it.
type FreezeResult struct {
	ID int64 `json:"id,omitempty"`
	// Gone says that somebody deleted it in GitLab.
	Gone bool `json:"gone,omitempty"`
	// Refused is GitLab's refusal.
	Refused string `json:"refused,omitempty"`
}

// AwaitChangeInput watches what must hold until it is other than known.
type AwaitChangeInput struct {
	Guard Guard       `json:"guard"`
	Known Observation `json:"known"`
	// TagPrefix, Day and Ours tell tags of the day that somebody made by hand; zero Day: not looked for.
	TagPrefix string       `json:"tagPrefix,omitempty"`
	Day       calendar.Day `json:"day,omitzero"`
	Ours      []string     `json:"ours,omitempty"`
	// Job is the production job that somebody else may start; empty: not looked for.
	Job   string            `json:"job,omitempty"`
	Until time.Time         `json:"until"`
	Poll  calendar.Duration `json:"poll"`
	// Beat is how often the watch says that it lives: each one is billable.
	Beat calendar.Duration `json:"beat"`
}

// ResolveCutInput works out what a new candidate would be.
type ResolveCutInput struct {
	Project string `json:"project"`
	Branch  string `json:"branch"`
	SHA     string `json:"sha,omitempty"`
	Tag     string `json:"tag,omitempty"`
	// Current is the candidate that it would replace.
	Current Candidate `json:"current"`
}

// ResolvedCut is the commit, and how it differs from the current candidate.
type ResolvedCut struct {
	SHA   string     `json:"sha,omitempty"`
	Adds  Difference `json:"adds"`
	Drops Difference `json:"drops"`
	// Refused says why it cannot be.
	Refused string `json:"refused,omitempty"`
}

// AdoptTagInput takes a tag over that somebody made by hand.
type AdoptTagInput struct {
	Project string `json:"project"`
	Tag     string `json:"tag"`
	SHA     string `json:"sha"`
	Guard   Guard  `json:"guard"`
}

// CancelPipelineInput cancels a pipeline.
type CancelPipelineInput struct {
	Project    string `json:"project"`
	PipelineID int64  `json:"pipelineId"`
}

// MarkBadInput marks a tag's GitLab release as bad.
type MarkBadInput struct {
	Project string `json:"project"`
	Tag     string `json:"tag"`
	By      string `json:"by"`
	Reason  string `json:"reason"`
}

// CheckDayInput asks whether a day is still a release day.
type CheckDayInput struct {
	Train string       `json:"train"`
	Day   calendar.Day `json:"day"`
}

// CheckedDay says why it is not; empty: it is.
type CheckedDay struct {
	Gone string `json:"gone,omitempty"`
}

// WatchdogInput starts the dead-man's switch of a train.
type WatchdogInput struct {
	Train string `json:"train"`
	// After is how long after the cut time it looks; zero: WatchdogAfter.
	After calendar.Duration `json:"after,omitzero"`
}

// ExpectReleaseInput asks whether the release that should have departed did.
type ExpectReleaseInput struct {
	Train string `json:"train"`
	// CutAt is the cut time that has passed.
	CutAt time.Time `json:"cutAt"`
}

// ExpectedRelease is the answer.
type ExpectedRelease struct {
	// Train is its configuration, for the alarm.
	Train Train        `json:"train,omitzero"`
	Day   calendar.Day `json:"day,omitzero"`
	// Sentence says what was found; Alarm that nothing explains the absence.
	Sentence string `json:"sentence"`
	Alarm    bool   `json:"alarm,omitempty"`
}

// ReadVersionInput asks what an environment runs.
type ReadVersionInput struct {
	Project   string     `json:"project"`
	TagPrefix string     `json:"tagPrefix"`
	Flux      FluxObject `json:"flux"`
	// FallbackEnvironment, when set, is the GitLab environment whose last
	// successful deployment answers when Flux does not.
	FallbackEnvironment string `json:"fallbackEnvironment,omitempty"`
}

// RunningVersion is what an environment runs.
type RunningVersion struct {
	Version Version `json:"version"`
	// Fallback says why Flux did not answer and what was taken instead; empty: Flux answered.
	Fallback string `json:"fallback,omitempty"`
}

// ChooseCommitInput asks which commit is to be tagged.
type ChooseCommitInput struct {
	Project string     `json:"project"`
	Branch  string     `json:"branch"`
	Require CutRequire `json:"require"`
	// Since is what production runs; zero: nothing yet.
	Since Version `json:"since,omitzero"`
}

// ChosenCommit is the commit to be tagged.
type ChosenCommit struct {
	// Nothing says that the branch holds nothing since the deployed version.
	Nothing bool   `json:"nothing,omitempty"`
	SHA     string `json:"sha,omitempty"`
	Title   string `json:"title,omitempty"`
	// Warning is for people, e.g. that its pipeline is not green; may be empty.
	Warning string `json:"warning,omitempty"`
}

// CreateTagInput creates the next tag of a day on a commit.
type CreateTagInput struct {
	Project string       `json:"project"`
	Prefix  string       `json:"prefix"`
	Day     calendar.Day `json:"day"`
	SHA     string       `json:"sha"`
	// About is the first line of the tag's message.
	About string `json:"about"`
	Guard Guard  `json:"guard"`
	// From and To bound the window: a freeze known to cover some of it is returned.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Key  string    `json:"key"`
}

// CreatedTag is the new candidate, or the holds that kept it from being made.
type CreatedTag struct {
	Candidate Candidate `json:"candidate,omitzero"`
	Holds     []Hold    `json:"holds,omitempty"`
	// Ahead is a freeze that will cover some of the window.
	Ahead *Hold `json:"ahead,omitempty"`
}

// Met are the holds that the activity ran into.
func (c CreatedTag) Met() []Hold { return c.Holds }

// PublishChangelogInput makes the changelog and publishes it as the GitLab release of the tag.
type PublishChangelogInput struct {
	Project   string         `json:"project"`
	Branch    string         `json:"branch"`
	IssueURL  string         `json:"issueUrl,omitempty"`
	From      RunningVersion `json:"from"`
	Candidate Candidate      `json:"candidate"`
	// WithContributors asks for all who have commits in it: the policy needs them.
	WithContributors bool   `json:"withContributors,omitempty"`
	Key              string `json:"key"`
}

// AwaitPipelineJobInput waits until a tag's pipeline offers a job.
type AwaitPipelineJobInput struct {
	Project   string    `json:"project"`
	Candidate Candidate `json:"candidate"`
	// PipelineID is looked at in place of the pipeline that the tag's push made; 0: that one.
	PipelineID int64             `json:"pipelineId,omitempty"`
	Job        string            `json:"job"`
	Until      time.Time         `json:"until"`
	Poll       calendar.Duration `json:"poll"`
}

// PipelineJob is a job in a tag's pipeline.
type PipelineJob struct {
	PipelineID  int64  `json:"pipelineId,omitempty"`
	PipelineURL string `json:"pipelineUrl,omitempty"`
	JobID       int64  `json:"jobId,omitempty"`
	JobURL      string `json:"jobUrl,omitempty"`
	// Status is GitLab's, e.g. manual, running, success.
	Status string `json:"status,omitempty"`
	// Problem says why the job will not come; empty when it did.
	Problem string `json:"problem,omitempty"`
	// TimedOut says that Until passed first; Problem then says what was missing.
	TimedOut bool `json:"timedOut,omitempty"`
	// SmokeJobID is the smoke tests' newest job in that pipeline; 0: it has none.
	SmokeJobID int64 `json:"smokeJobId,omitempty"`
}

// PlayJobInput plays a manual job after a last look at what must hold.
type PlayJobInput struct {
	Project    string    `json:"project"`
	PipelineID int64     `json:"pipelineId"`
	Job        string    `json:"job"`
	Candidate  Candidate `json:"candidate"`
	// Guard is re-read before the play; zero: only the tag is.
	Guard    Guard     `json:"guard,omitzero"`
	NotAfter time.Time `json:"notAfter,omitzero"`
	// After is the job with which the attempt before this one ended: it is run
	// once more. 0: this is the first attempt.
	After int64 `json:"after,omitempty"`
	// Follow says that the pipeline starts the job itself: it is only looked at.
	Follow bool `json:"follow,omitempty"`
	// Variables are handed to the job.
	Variables map[string]string `json:"variables,omitempty"`
	Key       string            `json:"key"`
}

// PlayDeployInput plays a deploy job; what runs before it is read at the same moment.
type PlayDeployInput struct {
	Job  PlayJobInput `json:"job"`
	Flux FluxObject   `json:"flux"`
	// Before is what ran when an earlier attempt began; zero: it is read.
	Before Version `json:"before,omitzero"`
	// Expected is taken for it where the candidate runs already.
	Expected Version `json:"expected,omitzero"`
	// Start is the event that Datadog is told when the job was played; nil: none.
	Start *DatadogEvent `json:"start,omitempty"`
}

// PlayedDeploy is the played job and what ran before it.
type PlayedDeploy struct {
	PlayedJob
	// Before is where a rollback would go; zero when it is not known.
	Before Version `json:"before,omitzero"`
	// Present says that the tag runs there already, so that nothing was played.
	Present bool `json:"present,omitempty"`
}

// PlayedJob is a job that runs or ran, or why it was not played.
type PlayedJob struct {
	// Held says why nothing was played; empty when the job was played or adopted.
	Held string `json:"held,omitempty"`
	// Holds are those that stood; none: it was too late.
	Holds  []Hold `json:"holds,omitempty"`
	JobID  int64  `json:"jobId,omitempty"`
	JobURL string `json:"jobUrl,omitempty"`
	// Adopted says that somebody else had started it.
	Adopted bool `json:"adopted,omitempty"`
	// Outdated says that GitLab refuses the job because of a newer deployment.
	Outdated string `json:"outdated,omitempty"`
}

// FindOutInput asks what became of a deploy whose outcome is not known.
type FindOutInput struct {
	Project    string     `json:"project"`
	PipelineID int64      `json:"pipelineId,omitempty"`
	Job        string     `json:"job"`
	Candidate  Candidate  `json:"candidate"`
	Flux       FluxObject `json:"flux"`
}

// FoundOut is a sentence on what was found.
type FoundOut struct {
	Sentence string `json:"sentence"`
	// JobID is the newest job; 0: it was not found.
	JobID int64 `json:"jobId,omitempty"`
}

// PlanRollbackInput asks how a rollback can go.
type PlanRollbackInput struct {
	Project string      `json:"project"`
	Config  Environment `json:"config"`
	// To is where it goes; Bad are tags that it must not.
	To  Version  `json:"to"`
	Bad []string `json:"bad,omitempty"`
	// PipelineID is the pipeline that deployed, for its rollback job; 0: that of what runs.
	PipelineID int64 `json:"pipelineId,omitempty"`
}

// RollbackPlan is how a rollback can go.
type RollbackPlan struct {
	// Problem says why it cannot; empty when it can.
	Problem string `json:"problem,omitempty"`
	// To is the target with its commit.
	To Candidate `json:"to,omitzero"`
	// Present says that it runs already.
	Present bool `json:"present,omitempty"`
	// Retry is the job of the target that succeeded, NoRetry why there is none.
	Retry   PipelineJob `json:"retry,omitzero"`
	NoRetry string      `json:"noRetry,omitempty"`
	// Rollback is the rollback job, NoRollback why there is none.
	Rollback   PipelineJob `json:"rollback,omitzero"`
	NoRollback string      `json:"noRollback,omitempty"`
}

// AwaitFreeInput waits until no other deploy job of an environment runs.
type AwaitFreeInput struct {
	Guard Guard             `json:"guard"`
	Until time.Time         `json:"until"`
	Poll  calendar.Duration `json:"poll"`
}

// Freed says what still runs; empty: nothing does.
type Freed struct {
	Busy string `json:"busy,omitempty"`
}

// CancelJobInput cancels a job.
type CancelJobInput struct {
	Project    string `json:"project"`
	PipelineID int64  `json:"pipelineId"`
	Job        string `json:"job"`
}

// AwaitJobInput waits until the newest job of a name in a pipeline has ended,
// or waits to be played.
type AwaitJobInput struct {
	Project    string `json:"project"`
	PipelineID int64  `json:"pipelineId"`
	Job        string `json:"job"`
	// Played says that somebody plays it: "manual" is then only an answer of the past.
	Played bool              `json:"played,omitempty"`
	Until  time.Time         `json:"until"`
	Poll   calendar.Duration `json:"poll"`
}

// EndedJob is how a job or pipeline ended.
type EndedJob struct {
	// Status is GitLab's final one; the last seen one when TimedOut.
	Status   string `json:"status"`
	TimedOut bool   `json:"timedOut,omitempty"`
	// Reason is GitLab's failure_reason, e.g. script_failure.
	Reason string `json:"reason,omitempty"`
	URL    string `json:"url,omitempty"`
	// ID is the job's; 0 for a pipeline.
	ID int64 `json:"id,omitempty"`
}

// Playable says that the job has not run but waits for somebody to play it.
func (e EndedJob) Playable() bool { return e.Status == "manual" || e.Status == "scheduled" }

// Succeeded says whether it ended with success.
func (e EndedJob) Succeeded() bool { return e.Status == "success" && !e.TimedOut }

// AwaitRolloutInput waits until Flux reports a candidate rolled out.
type AwaitRolloutInput struct {
	Flux      FluxObject        `json:"flux"`
	Candidate Candidate         `json:"candidate"`
	Until     time.Time         `json:"until"`
	Poll      calendar.Duration `json:"poll"`
}

// Rollout is what Flux reports.
type Rollout struct {
	Done     bool    `json:"done,omitempty"`
	TimedOut bool    `json:"timedOut,omitempty"`
	Running  Version `json:"running,omitzero"`
	// Why says what is missing or failed; empty when done.
	Why string `json:"why,omitempty"`
	// Reason is Flux' own word for it, which the table of failures knows; may be empty.
	Reason string `json:"reason,omitempty"`
}

// StartPipelineInput starts a pipeline with variables.
type StartPipelineInput struct {
	Project   string            `json:"project"`
	Ref       string            `json:"ref"`
	Variables map[string]string `json:"variables,omitempty"`
	// Since bounds the search for a pipeline that an earlier call started.
	Since time.Time `json:"since"`
	Key   string    `json:"key"`
}

// StartedPipeline is a pipeline that was started.
type StartedPipeline struct {
	ID  int64  `json:"id"`
	URL string `json:"url"`
}

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

// Met are the holds that the activity ran into.
func (s StartedE2E) Met() []Hold { return s.Holds }

// E2EFound is what a run found.
type E2EFound struct {
	Report E2EReport `json:"report"`
	// Void says that staging runs something else at the end of the run.
	Void string `json:"void,omitempty"`
}

// AwaitPipelineInput waits for the end of a pipeline.
type AwaitPipelineInput struct {
	Project    string            `json:"project"`
	PipelineID int64             `json:"pipelineId"`
	Until      time.Time         `json:"until"`
	Poll       calendar.Duration `json:"poll"`
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

// DeliverInput delivers what there is for one channel: the card, then events
// into its thread, then the topic.
type DeliverInput struct {
	Channel string `json:"channel"`
	// TS is the card's message; empty: it has not been posted.
	TS string `json:"ts,omitempty"`
	// Card is posted, or replaces the message TS; nil leaves it.
	Card *Message `json:"card,omitempty"`
	// Events go into the card's thread, in their order.
	Events []Event `json:"events,omitempty"`
	// Topic is our part of the channel's topic; empty leaves it.
	Topic string `json:"topic,omitempty"`
	// Since bounds the search for messages that an earlier call posted.
	Since time.Time `json:"since"`
	// Key tells this release's card from all others; each event has its own.
	Key string `json:"key"`
}

// Event is a message in a thread.
type Event struct {
	Message Message `json:"message"`
	// Broadcast shows it in the channel as well.
	Broadcast bool   `json:"broadcast,omitempty"`
	Key       string `json:"key"`
}

// Delivered is where the card stands.
type Delivered struct {
	TS string `json:"ts"`
}

// Done is the result of an activity that has nothing to tell.
type Done struct{}
