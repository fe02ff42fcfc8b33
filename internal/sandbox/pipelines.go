package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/train"
)

// gitlab is the state of the GitLab instance.
type gitlab struct {
	s        *Sandbox
	projects []*project
	outcomes map[string]string   // job name -> outcome of its next runs
	fails    map[string]*failure // job name -> failure of its next few runs
	held     map[string]bool     // jobs that do not end
	lastID   int
}

// project is a GitLab project. Projects of trains share the one repository.
type project struct {
	ID        int
	Path      string
	train     *train.Train // nil: a project with tests only
	pipelines []*pipeline
	releases  map[string]*release
	freezes   []*freeze
	deploys   []*deployment
}

type release struct {
	Tag, Name, Description string
	CreatedAt              time.Time
}

type freeze struct {
	ID               int
	Start, End, Zone string
	CreatedAt        time.Time
}

// failure is how the next few runs of a job end.
type failure struct {
	reason string
	times  int
}

type deployment struct {
	ID          int
	Environment string
	Job         *job
}

// pipeline is a run of jobs on a ref.
type pipeline struct {
	ID        int
	Project   *project
	Source    string
	Ref, SHA  string
	Tag       bool
	CreatedAt time.Time // from then on it can be seen
	Jobs      []*job
	Variables map[string]string
}

// job is a job of a pipeline. A retried job stays, with a newer one of its name.
type job struct {
	ID        int
	Name      string
	Stage     string
	Status    string
	Reason    string // failure_reason
	Manual    bool
	Retried   bool
	Needs     []string // names of the jobs that must have succeeded
	Env       train.EnvironmentName
	Rollback  bool // it puts back the tag in its variable
	Variables map[string]string
	Takes     time.Duration
	User      string
	CreatedAt time.Time
	StartedAt time.Time
	EndedAt   time.Time
	Pipeline  *pipeline
	Kind      string // "e2e" or "smoke" for jobs with tests
}

func newGitLab(s *Sandbox) *gitlab {
	return &gitlab{s: s, outcomes: map[string]string{}, fails: map[string]*failure{},
		held: map[string]bool{}, lastID: 1000}
}

func (g *gitlab) id() int {
	g.lastID++
	return g.lastID
}

func (g *gitlab) addTrain(t train.Train) {
	p := g.project(t.Project)
	if p.train == nil {
		p.train = &t
		g.addMainPipeline(p)
	}
	g.project(t.E2E.Project)
	for _, e := range []train.Environment{t.Staging, t.Production} {
		if e.Smoke != nil && e.Smoke.Project != "" {
			g.project(e.Smoke.Project)
		}
	}
}

// project finds or makes a project.
func (g *gitlab) project(path string) *project {
	for _, p := range g.projects {
		if p.Path == path {
			return p
		}
	}
	p := &project{ID: g.id(), Path: path, releases: map[string]*release{}}
	g.projects = append(g.projects, p)
	return p
}

func (p *project) visible(now time.Time) []*pipeline {
	var out []*pipeline
	for _, pl := range p.pipelines {
		if !pl.CreatedAt.After(now) {
			out = append(out, pl)
		}
	}
	return out
}

// addMainPipeline is the green pipeline of the head of main.
func (g *gitlab) addMainPipeline(p *project) {
	sha, err := g.s.git.sha(background, mainBranch)
	if err != nil {
		return // an empty repository has been refused before
	}
	now := g.s.now()
	pl := &pipeline{ID: g.id(), Project: p, Source: "push", Ref: mainBranch, SHA: sha, CreatedAt: now}
	pl.Jobs = []*job{{ID: g.id(), Name: "test", Stage: "test", Status: "success", CreatedAt: now, StartedAt: now,
		EndedAt: now, Pipeline: pl, User: botName}}
	p.pipelines = append(p.pipelines, pl)
}

// tagPipelineDelay is how long after a tag its pipeline appears, in parts of a build.
const tagPipelineDelay = 4

// addTagPipeline is the pipeline that a tag's push makes.
func (g *gitlab) addTagPipeline(p *project, tag, sha string) {
	g.tagPipeline(p, tag, sha, "push", g.s.now().Add(g.s.options.Pace.Build/tagPipelineDelay))
}

// addDeployedPipeline is the pipeline of what runs already: all of it has succeeded.
func (g *gitlab) addDeployedPipeline(p *project, v train.Version) {
	now := g.s.now()
	pl := g.tagPipeline(p, v.Tag, v.SHA, "push", now.Add(-time.Hour))
	if pl == nil {
		return
	}
	for _, j := range pl.Jobs {
		if j.Rollback {
			j.Status = "manual"
			continue
		}
		j.Status, j.StartedAt, j.EndedAt = "success", now.Add(-time.Hour), now.Add(-time.Hour)
		if j.Env != "" {
			p.deploys = append(p.deploys, &deployment{ID: g.id(),
				Environment: p.train.Environment(j.Env).GitLabEnvironment, Job: j})
		}
	}
}

// tagPipeline has build, test, the two manual deploy jobs, the smoke tests
// behind them, and the rollback jobs where there are any; nil for another tag.
func (g *gitlab) tagPipeline(p *project, tag, sha, source string, at time.Time) *pipeline {
	if p.train == nil {
		return nil
	}
	if _, err := train.ParseTag(p.train.TagPrefix, tag); err != nil {
		return nil // the workflow rules run on release tags only
	}
	pace := g.s.options.Pace
	pl := &pipeline{ID: g.id(), Project: p, Source: source, Ref: tag, SHA: sha, Tag: true, CreatedAt: at}
	g.addJob(pl, &job{Name: "build", Stage: "build", Takes: pace.Build})
	g.addJob(pl, &job{Name: "unit-tests", Stage: "test", Needs: []string{"build"}, Takes: pace.Build})
	for _, env := range []train.EnvironmentName{train.Staging, train.Production} {
		c := p.train.Environment(env)
		g.addJob(pl, &job{
			Name: c.Job, Stage: "deploy", Needs: []string{"unit-tests"}, Takes: pace.Deploy, Env: env,
			Manual: c.Start != train.StartAutomatic,
		})
		if c.Smoke != nil && c.Smoke.Job != "" {
			after := c.Job
			if !g.s.options.SmokeFollowsJob {
				after += "-rollout"
				g.addJob(pl, &job{Name: after, Stage: "rollout", Needs: []string{c.Job}, Takes: pace.Flux})
			}
			g.addJob(pl, &job{Name: c.Smoke.Job, Stage: "verify", Needs: []string{after}, Takes: pace.Smoke, Kind: "smoke"})
		}
		if c.RollbackJob != "" {
			g.addJob(pl, &job{Name: c.RollbackJob, Stage: "rollback", Takes: pace.Deploy, Env: env,
				Manual: true, Rollback: true})
		}
	}
	p.pipelines = append(p.pipelines, pl)
	return pl
}

// E2EJob is the job that runs the end-to-end tests.
const E2EJob = "cypress"

// addTestPipeline is a pipeline that was started through the API.
func (g *gitlab) addTestPipeline(p *project, ref string, variables map[string]string) *pipeline {
	pl := &pipeline{
		ID: g.id(), Project: p, Source: "api", Ref: ref, SHA: testCommit, CreatedAt: g.s.now(), Variables: variables,
	}
	name, kind, takes := "smoke", "smoke", g.s.options.Pace.Smoke
	for _, t := range g.s.options.Trains {
		if t.E2E.Project == p.Path {
			name, kind, takes = E2EJob, "e2e", g.s.options.Pace.E2E
		}
	}
	g.addJob(pl, &job{Name: name, Stage: "test", Takes: takes, Kind: kind})
	p.pipelines = append(p.pipelines, pl)
	return pl
}

func (g *gitlab) addJob(pl *pipeline, j *job) {
	j.ID, j.Pipeline, j.Status, j.CreatedAt, j.User = g.id(), pl, "created", pl.CreatedAt, botName
	pl.Jobs = append(pl.Jobs, j)
}

// current is the newest job of a name.
func (pl *pipeline) current(name string) *job {
	for _, j := range slices.Backward(pl.Jobs) {
		if j.Name == name {
			return j
		}
	}
	return nil
}

// status is derived from the jobs as GitLab does it.
func (pl *pipeline) status() string {
	count := map[string]int{}
	for _, j := range pl.Jobs {
		if !j.Retried {
			count[j.Status]++
		}
	}
	switch {
	case count["running"] > 0:
		return "running"
	case count["failed"] > 0:
		return "failed"
	case count["canceled"] > 0:
		return "canceled"
	case count["manual"] > 0:
		return "manual"
	case count["created"] > 0:
		return "created"
	}
	return "success"
}

// advance ends the jobs whose time has come and begins those that wait for them.
func (g *gitlab) advance(now time.Time) {
	for changed := true; changed; {
		changed = false
		for _, p := range g.projects {
			for _, pl := range p.visible(now) {
				for _, j := range pl.Jobs {
					changed = g.step(pl, j, now) || changed
				}
			}
		}
	}
}

// step moves one job on if it is due.
func (g *gitlab) step(pl *pipeline, j *job, now time.Time) bool {
	switch j.Status {
	case "running":
		due := j.StartedAt.Add(j.Takes)
		if g.held[j.Name] || g.outcome(j) == "stuck" || due.After(now) {
			return false
		}
		g.finish(j, due)
		return true
	case "created":
		at, state := pl.needs(j)
		switch {
		case state == "failed":
			j.Status = "skipped"
		case state != "success":
			return false
		case j.Manual:
			j.Status = "manual"
		default:
			j.Status, j.StartedAt = "running", at
		}
		return true
	}
	return false
}

// needs says when and how the jobs that a job waits for have ended.
func (pl *pipeline) needs(j *job) (at time.Time, state string) {
	at = pl.CreatedAt
	for _, name := range j.Needs {
		n := pl.current(name)
		switch {
		case n == nil || n.Status == "failed" || n.Status == "skipped" || n.Status == "canceled":
			return at, "failed"
		case n.Status != "success":
			return at, ""
		case n.EndedAt.After(at):
			at = n.EndedAt
		}
	}
	return at, "success"
}

// outcome is what a job has been told to end as: success unless set.
func (g *gitlab) outcome(j *job) string {
	if f := g.fails[j.Name]; f != nil && f.times > 0 {
		return f.reason
	}
	for _, key := range []string{j.Name, j.Kind} {
		if o := g.outcomes[key]; key != "" && o != "" {
			return o
		}
	}
	return "success"
}

// finish ends a running job; a deploy that succeeded reaches Flux.
func (g *gitlab) finish(j *job, at time.Time) {
	j.EndedAt = at
	if o := g.outcome(j); o != "success" {
		if f := g.fails[j.Name]; f != nil {
			f.times--
		}
		j.Status, j.Reason = "failed", o
		return
	}
	j.Status = "success"
	if j.Env == "" {
		return
	}
	env := j.Pipeline.Project.train.Environment(j.Env)
	v := train.Version{Tag: j.Pipeline.Ref, SHA: j.Pipeline.SHA}
	if j.Rollback {
		v.Tag = j.Variables[train.RollbackVariable]
		sha, err := g.s.git.sha(background, v.Tag)
		if err != nil {
			j.Status, j.Reason = "failed", "script_failure"
			return
		}
		v.SHA = sha
	}
	g.s.kube.deploy(env.Flux, v, at)
}

// outdated says whether GitLab prevents a deploy job that has never run,
// because something was deployed after it.
func (g *gitlab) outdated(j *job) bool {
	if j.Env == "" || j.Rollback {
		return false
	}
	p := j.Pipeline.Project
	name := p.train.Environment(j.Env).GitLabEnvironment
	return slices.ContainsFunc(p.deploys, func(d *deployment) bool {
		return d.Environment == name && d.Job.Status == "success" && d.Job.ID > j.ID
	})
}

// play starts a manual job as GitLab does: one that has ended is silently run
// again as a new job.
func (g *gitlab) play(j *job) (*job, error) {
	switch j.Status {
	case "manual", "scheduled":
		g.begin(j)
		return j, nil
	case "success", "failed", "canceled":
		if j.Manual {
			g.retry(j)
			return j, nil
		}
	}
	return nil, fmt.Errorf("400 Bad request - Unplayable Job")
}

func (g *gitlab) begin(j *job) {
	j.Status, j.StartedAt, j.User = "running", g.s.now(), botName
	if j.Env != "" {
		p := j.Pipeline.Project
		p.deploys = append(p.deploys, &deployment{ID: g.id(),
			Environment: p.train.Environment(j.Env).GitLabEnvironment, Job: j})
	}
}

// retry runs a job that has ended again, as a new job.
func (g *gitlab) retry(j *job) *job {
	j.Retried = true
	again := &job{
		Name: j.Name, Stage: j.Stage, Manual: j.Manual, Needs: j.Needs, Env: j.Env, Takes: j.Takes, Kind: j.Kind,
		Rollback: j.Rollback, Variables: j.Variables,
	}
	g.addJob(j.Pipeline, again)
	again.CreatedAt = g.s.now()
	g.begin(again)
	j.Pipeline.resume(j.Name)
	return again
}

// resume takes up again what waits for a job, and what waits for that.
func (pl *pipeline) resume(name string) {
	for _, later := range pl.Jobs {
		if slices.Contains(later.Needs, name) && later.Status == "skipped" {
			later.Status = "created"
			pl.resume(later.Name)
		}
	}
}

func (j *job) url(base string) string {
	return fmt.Sprintf("%s/%s/-/jobs/%d", base, j.Pipeline.Project.Path, j.ID)
}

func (pl *pipeline) url(base string) string {
	return fmt.Sprintf("%s/%s/-/pipelines/%d", base, pl.Project.Path, pl.ID)
}

// trace is a job's log; test jobs end as Cypress ends.
func (j *job) trace() string {
	if j.StartedAt.IsZero() {
		return ""
	}
	lines := []string{"\x1b[0KRunning with gitlab-runner 18.1.0", "$ ./ci/" + j.Name, ""}
	if j.Kind != "" && !j.EndedAt.IsZero() {
		lines = append(lines, cypressTable(j)...)
	}
	switch j.Status {
	case "success":
		lines = append(lines, "\x1b[32;1mJob succeeded\x1b[0;m")
	case "failed":
		lines = append(lines, "\x1b[31;1mERROR: Job failed: "+strings.ReplaceAll(j.Reason, "_", " ")+"\x1b[0;m")
	}
	return strings.Join(lines, "\n") + "\n"
}
