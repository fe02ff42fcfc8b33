package train

import (
	"sync"
	"time"

	"github.com/release-train/release-train/internal/calendar"
)

// Train is the configuration of one release line, as release.yaml states it
// and as a release carries it from its departure to its end.
type Train struct {
	// Name is the train's name, [a-z0-9]+.
	Name string `json:"name" yaml:"name"`
	// Mode is live (the zero value) or observe: all reads, no writes outside.
	Mode Mode `json:"mode,omitempty" yaml:"mode"`
	// Project is the GitLab project's full path, e.g. maven-clinic/maven/maven.
	Project string `json:"project" yaml:"project"`
	// Branch is what is tagged; main when left out.
	Branch string `json:"branch" yaml:"branch"`
	// TagPrefix stands before v<YYYY>.<MM>.<DD>.<patch>, e.g. "api/". May be empty.
	TagPrefix string `json:"tagPrefix" yaml:"tagPrefix"`
	// Zone is the IANA zone in which all wall clock times of the train are meant.
	Zone string `json:"zone" yaml:"zone"`
	// Calendar says which days are release days.
	Calendar calendar.Calendar `json:"calendar" yaml:"calendar"`
	// Cut is when and what is tagged.
	Cut Cut `json:"cut" yaml:"cut"`
	// Window is when production may be deployed on a release day.
	Window Window `json:"window" yaml:"window"`
	// Staging and Production are the two environments, in their order.
	Staging    Environment `json:"staging" yaml:"staging"`
	Production Environment `json:"production" yaml:"production"`
	// E2E is the overnight test run against staging.
	E2E E2EConfig `json:"e2e" yaml:"e2e"`
	// Slack names the channels and the on-call group.
	Slack SlackConfig `json:"slack" yaml:"slack"`
	// Retry bounds what is tried again by itself.
	Retry Retry `json:"retry,omitzero" yaml:"retry"`
	// Datadog says what the service is called there; nil: Datadog is not used.
	Datadog *DatadogConfig `json:"datadog,omitempty" yaml:"datadog"`
	// Changelog tunes how the changelog is made.
	Changelog ChangelogConfig `json:"changelog,omitzero" yaml:"changelog"`
	// Policy says who may issue which command; everybody may when left out.
	Policy Policy `json:"policy,omitzero" yaml:"policy"`
	// Poll is how often the outside world is looked at while waiting.
	Poll Poll `json:"poll" yaml:"poll"`
}

// Location is the train's zone. Configuration checked it, so an unknown name
// can only come from a hand-made payload; UTC then keeps messages readable.
func (t Train) Location() *time.Location {
	if l, ok := zones.Load(t.Zone); ok {
		return l.(*time.Location)
	}
	l, err := time.LoadLocation(t.Zone)
	if err != nil {
		return time.UTC
	}
	zones.Store(t.Zone, l)
	return l
}

// zones are those that were loaded: each status asks a hundred times, and the
// library reads a file each time.
var zones sync.Map

// Timetable is what the train's instants follow from.
func (t Train) Timetable() calendar.Timetable {
	return calendar.Timetable{
		Zone: t.Location(), Calendar: t.Calendar, Cut: t.Cut.At, Opens: t.Window.Opens, Closes: t.Window.Closes,
		E2EAt: t.E2E.At, E2EDeadline: t.E2E.Deadline,
	}
}

// Environment returns the configuration of one environment by its name.
func (t Train) Environment(name EnvironmentName) Environment {
	if name == Production {
		return t.Production
	}
	return t.Staging
}

// Mode of a train.
type Mode string

// Modes of a train.
const (
	ModeLive    Mode = "live"
	ModeObserve Mode = "observe"
)

// EnvironmentName is staging or production.
type EnvironmentName string

// The environments, in the order in which a candidate visits them.
const (
	Staging    EnvironmentName = "staging"
	Production EnvironmentName = "production"
)

// Cut says when main is tagged and which commit is taken.
type Cut struct {
	// At is the wall clock time on cut day; 17:00 when left out.
	At calendar.Clock `json:"at" yaml:"at"`
	// Require is head (tag the head, warn when its pipeline is not green) or
	// green (newest commit with a green pipeline); head when left out.
	Require CutRequire `json:"require" yaml:"require"`
}

// CutRequire is what the commit to be tagged must be.
type CutRequire string

// What may be tagged.
const (
	RequireHead  CutRequire = "head"
	RequireGreen CutRequire = "green"
)

// Window is when production may be deployed, [Opens, Closes) on release day.
type Window struct {
	Opens  calendar.Clock `json:"opens" yaml:"opens"`   // 11:00 when left out
	Closes calendar.Clock `json:"closes" yaml:"closes"` // 16:00 when left out
}

// Environment is how a candidate gets to staging or production.
type Environment struct {
	// Job is the name of the deploy job in the tag's pipeline.
	Job string `json:"job" yaml:"job"`
	// Start says who starts the job: play (us, a manual job) or automatic (the
	// pipeline, we only follow it). play when left out.
	Start StartMode `json:"start" yaml:"start"`
	// GitLabEnvironment is the environment's name in GitLab; the environment's own name when left out.
	GitLabEnvironment string `json:"gitlabEnvironment" yaml:"gitlabEnvironment"`
	// Flux is the object that tells which version runs.
	Flux FluxObject `json:"flux" yaml:"flux"`
	// Smoke are the smoke tests after a deploy; none when left out.
	Smoke *Smoke `json:"smoke,omitempty" yaml:"smoke"`
	// Rollback says who puts back what ran before when smoke tests are red: ours
	// (us), pipeline (the pipeline itself, we wait for Flux to show it) or none
	// (nobody, people are asked). ours when left out.
	Rollback RollbackMode `json:"rollback,omitempty" yaml:"rollback"`
	// RollbackJob is a manual job of the tag's pipeline that puts back the tag in
	// its variable ROLLBACK_TO: the last rung of the ladder. None when left out.
	RollbackJob string `json:"rollbackJob,omitempty" yaml:"rollbackJob"`
	// Limits bound how long each part of a deploy may take.
	Limits Limits `json:"limits" yaml:"limits"`
	// Lock names what only one deploy may hold at a time;
	// <train>-<environment> when left out. Two trains on one Flux object must share it.
	Lock string `json:"lock" yaml:"lock"`
}

// StartMode says who starts a deploy job.
type StartMode string

// Who starts a deploy job.
const (
	StartPlay      StartMode = "play"
	StartAutomatic StartMode = "automatic"
)

// RollbackMode says who puts back what ran before.
type RollbackMode string

// Who rolls back.
const (
	RollbackOurs     RollbackMode = "ours"
	RollbackPipeline RollbackMode = "pipeline"
	RollbackNobody   RollbackMode = "none"
)

// Retry bounds what is tried again by itself.
type Retry struct {
	// Attempts is how many attempts in a row nobody has to ask for, the first
	// one included; 3 when left out, 1: nothing is tried again by itself.
	Attempts int `json:"attempts,omitempty" yaml:"attempts"`
	// Wait is the time before the second attempt; it doubles with each. 1m when left out.
	Wait calendar.Duration `json:"wait,omitzero" yaml:"wait"`
}

// DatadogConfig says what the service is called in Datadog.
type DatadogConfig struct {
	// Service is the value of its tag service.
	Service string `json:"service" yaml:"service"`
	// Team is the value of the tag team of DORA records; may be left out.
	Team string `json:"team,omitempty" yaml:"team"`
}

// FluxObject names the object in a cluster that tells which version runs:
// exactly one of Kustomization and HelmRelease. Where what Flux applies does not
// name our tags, Image names the workload whose image tag does.
type FluxObject struct {
	// Context is the kubeconfig context of the cluster.
	Context string `json:"context" yaml:"context"`
	// Namespace of the Flux object; flux-system when left out.
	Namespace string `json:"namespace" yaml:"namespace"`
	// Kustomization is the object's name.
	Kustomization string `json:"kustomization,omitempty" yaml:"kustomization"`
	// HelmRelease is the object's name; its appVersion, else its chart's version, names the tag.
	HelmRelease string `json:"helmRelease,omitempty" yaml:"helmRelease"`
	// Image is <namespace>/<deployment>/<container>; the container's image tag names the version.
	Image string `json:"image,omitempty" yaml:"image"`
	// TagPrefix stands before versions that image tags and charts name without it; the train's.
	TagPrefix string `json:"tagPrefix,omitempty" yaml:"-"`
}

// Name is the object's kind and name.
func (o FluxObject) Name() string {
	if o.HelmRelease != "" {
		return "HelmRelease " + o.HelmRelease
	}
	return "Kustomization " + o.Kustomization
}

// Smoke are smoke tests: a job of the tag's own pipeline (Job), or a pipeline
// in another project (Project, Ref, Variables). Exactly one of Job and Project is set.
type Smoke struct {
	Job       string            `json:"job,omitempty" yaml:"job"`
	Project   string            `json:"project,omitempty" yaml:"project"`
	Ref       string            `json:"ref,omitempty" yaml:"ref"` // main when left out
	Variables map[string]string `json:"variables,omitempty" yaml:"variables"`
}

// Limits bound the parts of a deploy; past one the outcome is unknown.
type Limits struct {
	Job   calendar.Duration `json:"job" yaml:"job"`     // 60m when left out
	Flux  calendar.Duration `json:"flux" yaml:"flux"`   // 30m when left out
	Smoke calendar.Duration `json:"smoke" yaml:"smoke"` // 30m when left out
}

// Total is how long a deploy may take from the play of its job on.
func (l Limits) Total() time.Duration { return l.Job.D() + l.Flux.D() + l.Smoke.D() }

// E2EConfig is the overnight end-to-end run.
type E2EConfig struct {
	// Project is the GitLab project whose pipeline runs the tests.
	Project string `json:"project" yaml:"project"`
	// Ref is the branch that pipeline runs on; main when left out.
	Ref string `json:"ref" yaml:"ref"`
	// Variables start the run, e.g. TRIGGER_ID=e2e, ENV=staging.
	Variables map[string]string `json:"variables,omitempty" yaml:"variables"`
	// At is when it starts in the night after cut day; at once after staging when left out.
	At calendar.Clock `json:"at,omitzero" yaml:"at"`
	// Deadline is how long before the window opens a run that has not ended is overdue; 60m when left out.
	Deadline calendar.Duration `json:"deadline" yaml:"deadline"`
	// JUnit is a pattern of JUnit files in the jobs' artifacts, e.g. results/*.xml,
	// read where GitLab's test report has nothing; none when left out.
	JUnit string `json:"junit,omitempty" yaml:"junit"`
	// Owners maps a CODEOWNERS owner of a spec to a Slack group to name.
	Owners map[string]string `json:"owners,omitempty" yaml:"owners"`
}

// SlackConfig names channels (with #) and groups (with @).
type SlackConfig struct {
	Coordination string `json:"coordination" yaml:"coordination"`
	E2E          string `json:"e2e" yaml:"e2e"`
	Staging      string `json:"staging" yaml:"staging"`
	Production   string `json:"production" yaml:"production"`
	// OnCall is the group that a failure mentions.
	OnCall string `json:"onCall" yaml:"onCall"`
}

// Channels lists the distinct channels of the train, in the order of the file.
func (s SlackConfig) Channels() []string {
	var out []string
	for _, c := range []string{s.Coordination, s.E2E, s.Staging, s.Production} {
		seen := c == ""
		for _, o := range out {
			seen = seen || o == c
		}
		if !seen {
			out = append(out, c)
		}
	}
	return out
}

// ChangelogConfig tunes the changelog.
type ChangelogConfig struct {
	// IssueURL links issue keys; {key} is replaced. No links when left out.
	IssueURL string `json:"issueURL,omitempty" yaml:"issueURL"`
}

// Poll is how often the outside world is looked at while waiting. Each look of
// a long wait is also a heartbeat, and each heartbeat is a billable action.
type Poll struct {
	Deploy calendar.Duration `json:"deploy" yaml:"deploy"` // jobs, Flux, smoke tests; 15s when left out
	E2E    calendar.Duration `json:"e2e" yaml:"e2e"`       // the overnight run; 5m when left out
	// freezes, holds, tag and Flux before production; 1m when left out
	Gate calendar.Duration `json:"gate" yaml:"gate"`
}

// WithDefaults fills in what release.yaml may leave out.
func (t Train) WithDefaults() Train {
	set(&t.Mode, ModeLive)
	set(&t.Branch, "main")
	set(&t.Cut.At, calendar.Clock{Hour: 17, Minute: 0})
	set(&t.Cut.Require, RequireHead)
	set(&t.Window.Opens, calendar.Clock{Hour: 11, Minute: 0})
	set(&t.Window.Closes, calendar.Clock{Hour: 16, Minute: 0})
	set(&t.E2E.Ref, "main")
	set(&t.E2E.Deadline, calendar.Duration(time.Hour))
	set(&t.Poll.Deploy, calendar.Duration(15*time.Second))
	set(&t.Poll.E2E, calendar.Duration(5*time.Minute))
	set(&t.Poll.Gate, calendar.Duration(time.Minute))
	set(&t.Retry.Attempts, 3)
	set(&t.Retry.Wait, calendar.Duration(time.Minute))
	set(&t.Policy.Approver, ApproverAnyone)
	set(&t.Policy.Identity, IdentityClaimed)
	for name, e := range map[EnvironmentName]*Environment{Staging: &t.Staging, Production: &t.Production} {
		set(&e.Start, StartPlay)
		set(&e.GitLabEnvironment, string(name))
		set(&e.Rollback, RollbackOurs)
		set(&e.Flux.Namespace, "flux-system")
		e.Flux.TagPrefix = t.TagPrefix
		set(&e.Limits.Job, calendar.Duration(time.Hour))
		set(&e.Limits.Flux, calendar.Duration(30*time.Minute))
		set(&e.Limits.Smoke, calendar.Duration(30*time.Minute))
		set(&e.Lock, t.Name+"-"+string(name))
		if e.Smoke != nil && e.Smoke.Project != "" {
			smoke := *e.Smoke // the caller's value stays as it was
			set(&smoke.Ref, "main")
			e.Smoke = &smoke
		}
	}
	return t
}

func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
