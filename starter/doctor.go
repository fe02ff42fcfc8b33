package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/release-train/release-train/internal/config"
	"github.com/release-train/release-train/internal/datadog"
	"github.com/release-train/release-train/internal/flux"
	"github.com/release-train/release-train/internal/gitlab"
	"github.com/release-train/release-train/internal/slack"
	"github.com/release-train/release-train/internal/temporalx"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// doctor checks the set-up with reads only and says what to fix.
type doctor struct {
	app    *app
	failed int
	warned int

	secrets config.Secrets
	gitlab  *gitlab.Client
	slack   *slack.Client
	flux    *flux.Client
	datadog *datadog.Client
}

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Check tokens, jobs, channels, Flux objects, rollbacks and schedules, and say what to fix",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := a.file()
			if err != nil {
				return err
			}
			d := &doctor{app: a}
			if err := d.connect(f); err != nil {
				return err
			}
			d.run(cmd.Context(), f)
			if d.failed > 0 {
				return fmt.Errorf("%s failed", words.Plural(d.failed, "check"))
			}
			if d.warned > 0 {
				a.printf("Nothing failed, %s.\n", words.Plural(d.warned, "warning"))
				return nil
			}
			a.printf("All is well.\n")
			return nil
		},
	}
}

func (d *doctor) connect(f config.File) (err error) {
	d.secrets = config.SecretsFromEnv(d.app.getenv)
	if err := d.secrets.Check(); err != nil {
		return err
	}
	if d.gitlab, err = gitlab.New(gitlab.Options{URL: f.GitLab.URL, Token: d.secrets.GitLabToken}); err != nil {
		return err
	}
	d.slack = slack.New(slack.Options{URL: f.Slack.URL, Token: d.secrets.SlackBotToken})
	d.datadog = datadog.New(datadog.Options{Site: f.Datadog.Site, URL: f.Datadog.URL, APIKey: d.secrets.DatadogAPIKey,
		AppKey: d.secrets.DatadogAppKey})
	d.flux, err = flux.New(flux.Options{Kubeconfig: f.Kubernetes.Kubeconfig})
	return err
}

// check prints how one thing stands: a detail when it is well, else what to fix.
func (d *doctor) check(what, detail string, err error) {
	mark := "ok  "
	if err != nil {
		d.failed++
		mark, detail = "FAIL", err.Error()
	}
	d.say(mark, what, detail)
}

// warn prints what works, but not as well as it could, and what to do about it.
func (d *doctor) warn(what, detail string) {
	d.warned++
	d.say("warn", what, detail)
}

func (d *doctor) say(mark, what, detail string) { d.app.printf("%s  %-34s %s\n", mark, what, detail) }

func (d *doctor) run(ctx context.Context, f config.File) {
	detail, err := clock(ctx, f.GitLab.URL)
	d.check("clock", detail, err)
	me, err := d.gitlab.CurrentUser(ctx)
	d.check("GitLab token", "is "+me.Username, err)
	self, err := d.slack.AuthTest(ctx)
	d.check("Slack token", "is the bot "+self.UserID+" of "+self.Team, err)
	d.keys(ctx, f)
	for _, t := range f.Trains {
		d.project(ctx, t)
		d.environments(ctx, t)
		d.channels(ctx, t)
	}
	d.temporal(ctx, f.Trains)
}

// maxClockSkew is how far this machine's clock may be from GitLab's: "not
// after" is judged by it.
const maxClockSkew = 30 * time.Second

// clock compares this machine's clock with the Date that GitLab answers with.
func clock(ctx context.Context, url string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, cmp.Or(url, "https://gitlab.com"), nil)
	if err != nil {
		return "", errors.New("gitlab.url is no address")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", errors.New("GitLab does not answer, so the clock cannot be compared")
	}
	_ = resp.Body.Close()
	theirs, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return "GitLab does not tell the time, so the clock was not compared", nil
	}
	if skew := time.Since(theirs).Abs(); skew > maxClockSkew {
		return "", fmt.Errorf("this machine's clock is %s away from GitLab's: synchronise it", skew.Round(time.Second))
	}
	return "agrees with GitLab's", nil
}

// keys checks those of Datadog, where a train uses it. Datadog itself checks an
// API key only; whether the other one opens anything, a read tells.
func (d *doctor) keys(ctx context.Context, f config.File) {
	i := slices.IndexFunc(f.Trains, func(t train.Train) bool { return t.Datadog != nil })
	if i < 0 {
		return
	}
	const api, application = "Datadog API key", "Datadog application key"
	if d.secrets.DatadogAPIKey == "" {
		d.check(api, "", errors.New("the environment lacks DD_API_KEY: set it, or remove datadog from the train "+
			f.Trains[i].Name))
		return
	}
	err := d.datadog.Validate(ctx)
	d.check(api, "is valid at "+cmp.Or(f.Datadog.Site, "datadoghq.com"), err)
	switch {
	case err != nil: // what the other key opens cannot be told
	case d.secrets.DatadogAppKey == "":
		d.warn(application, "DD_APP_KEY is not set: events are written, but DORA records, logs and monitors need it")
	default:
		_, err = d.datadog.FiringMonitors(ctx, "service:"+f.Trains[i].Datadog.Service)
		d.check(application, "reads monitors", err)
	}
}

func (d *doctor) project(ctx context.Context, t train.Train) {
	p, err := d.gitlab.Project(ctx, t.Project)
	d.check("project "+t.Project, p.WebURL, err)
	if err == nil {
		d.rollbacks(t, p)
	}
	head, err := d.gitlab.Head(ctx, t.Project, t.Branch)
	d.check("branch "+t.Branch, "is at "+train.ShortSHA(head.SHA)+" "+head.Title, err)
	e2e, err := d.gitlab.Project(ctx, t.E2E.Project)
	if err == nil && e2e.PipelineVariablesRole == nobody {
		err = fmt.Errorf("no role may set pipeline variables in %s: allow the bot's role in its CI/CD settings",
			t.E2E.Project)
	}
	d.check("E2E project "+t.E2E.Project, e2e.WebURL, err)
	detail, err := d.jobs(ctx, t)
	d.check("jobs of "+t.Name, detail, err)
}

// rollbacks says what the settings of a project take from the ladder of rollbacks.
func (d *doctor) rollbacks(t train.Train, p gitlab.Project) {
	what, doubts := "rollbacks of "+t.Name, rollbackDoubts(t, p)
	for _, doubt := range doubts {
		d.warn(what, doubt)
	}
	if len(doubts) == 0 {
		d.check(what, "may retry the job of an older tag", nil)
	}
}

func rollbackDoubts(t train.Train, p gitlab.Project) []string {
	var doubts []string
	if p.ForwardDeployment && !p.ForwardDeploymentRollback {
		doubts = append(doubts, "GitLab will refuse to retry the job of an older tag, so a new pipeline or a rollbackJob "+
			"must do it: "+
			"allow job retries for rollback deployments in the CI/CD settings of "+t.Project)
	}
	if p.PipelineVariablesRole == nobody {
		doubts = append(doubts, "no role may set pipeline variables, so neither a new pipeline nor a rollbackJob can be "+
			"started: "+
			"allow the bot's role in the CI/CD settings of "+t.Project)
	}
	return doubts
}

// nobody is GitLab's word for a setting that no role may use.
const nobody = "no_one_allowed"

// jobs looks for the configured jobs in the newest pipeline of a release tag.
func (d *doctor) jobs(ctx context.Context, t train.Train) (string, error) {
	tags, err := d.gitlab.Tags(ctx, t.Project, t.TagPrefix)
	if err != nil {
		return "", err
	}
	var newest train.Tag
	for _, tag := range tags {
		if parsed, err := train.ParseTag(t.TagPrefix, tag.Name); err == nil && parsed.Compare(newest) > 0 {
			newest = parsed
		}
	}
	if newest.Patch == 0 {
		return "no release tag yet, so job names cannot be checked", nil
	}
	pipelines, err := d.gitlab.Pipelines(ctx, t.Project, gitlab.PipelineQuery{Ref: newest.String(), Max: 1})
	if err != nil {
		return "", err
	}
	if len(pipelines) == 0 {
		return "the tag " + newest.String() + " has no pipeline, so job names cannot be checked", nil
	}
	jobs, err := d.gitlab.PipelineJobs(ctx, t.Project, pipelines[0].ID, false)
	if err != nil {
		return "", err
	}
	var missing []string
	for _, name := range jobsOf(t) {
		if !slices.ContainsFunc(jobs, func(j gitlab.Job) bool { return j.Name == name }) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return "", fmt.Errorf("the pipeline of %s lacks %s: correct the names in %s", newest,
			strings.Join(missing, ", "), d.app.path)
	}
	return strings.Join(jobsOf(t), ", ") + " in the pipeline of " + newest.String(), nil
}

// jobsOf are the jobs that a train needs in its tag pipelines.
func jobsOf(t train.Train) []string {
	var names []string
	for _, e := range []train.Environment{t.Staging, t.Production} {
		names = append(names, e.Job)
		if e.Smoke != nil && e.Smoke.Job != "" {
			names = append(names, e.Smoke.Job)
		}
		if e.RollbackJob != "" {
			names = append(names, e.RollbackJob)
		}
	}
	return names
}

func (d *doctor) environments(ctx context.Context, t train.Train) {
	for _, e := range []train.Environment{t.Staging, t.Production} {
		state, err := d.flux.State(ctx, e.Flux)
		what, detail := "Flux "+cmp.Or(e.Flux.Kustomization,
			e.Flux.HelmRelease)+" in "+e.Flux.Context, "runs "+state.Running.String()
		if doubts := fluxDoubts(e.Flux, state); err == nil && len(doubts) > 0 {
			d.warn(what, detail+", but "+strings.Join(doubts, "; "))
			continue
		}
		d.check(what, detail, err)
	}
}

// fluxDoubts are the reasons why a deploy would not be followed well by what
// Flux reports of an object.
func fluxDoubts(o train.FluxObject, s flux.State) []string {
	var doubts []string
	if s.Suspended {
		kind, name, _ := strings.Cut(o.Name(), " ")
		doubts = append(doubts, fmt.Sprintf("the %s is suspended: flux resume %s %s --namespace %s", o.Name(),
			strings.ToLower(kind), name, o.Namespace))
	}
	if s.SourceSuspended {
		doubts = append(doubts, "its source is suspended: flux resume source git")
	}
	if !s.Waits && o.Image == "" { // where an image tells the version, its workload tells the health
		doubts = append(doubts, "it does not wait for health, so ready only means applied: "+
			"set spec.wait or spec.healthChecks")
	}
	return doubts
}

func (d *doctor) channels(ctx context.Context, t train.Train) {
	for _, name := range t.Slack.Channels() {
		ch, err := d.slack.Channel(ctx, name)
		if err == nil && !ch.IsMember {
			err = errors.New("the bot is not in the channel: /invite it")
		}
		d.check("channel "+name, ch.ID, err)
	}
	d.group(ctx, t.Slack.OnCall, "slack.onCall")
	groups := slices.Sorted(maps.Values(t.E2E.Owners))
	for _, handle := range slices.Compact(groups) {
		if handle != t.Slack.OnCall {
			d.group(ctx, handle, "e2e.owners")
		}
	}
}

// group looks for a user group that a key of the file names.
func (d *doctor) group(ctx context.Context, handle, key string) {
	mention, err := d.slack.GroupMention(ctx, handle)
	if err == nil && mention == handle {
		err = fmt.Errorf("there is no such user group: create it, or correct %s", key)
	}
	d.check("group "+handle, mention, err)
}

func (d *doctor) temporal(ctx context.Context, trains []train.Train) {
	c, namespace, err := d.app.temporal(ctx)
	d.check("Temporal", "namespace "+namespace, err)
	if err != nil {
		return
	}
	defer c.Close()
	missing, err := temporalx.MissingSearchAttributes(ctx, c, namespace)
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("%s are not registered: start a worker, or let an administrator add them as Keyword",
			strings.Join(missing, ", "))
	}
	d.check("search attributes", strings.Join(train.SearchAttributes(), ", "), err)
	for _, t := range trains {
		s, err := describe(ctx, c, t)
		wanted := t
		if err == nil { // skipped and added days are part of it
			wanted, err = remembered(ctx, c, t)
		}
		if err == nil && !sameSpec(*s.Schedule.Spec, temporalSpec(wanted, time.Now())) {
			err = fmt.Errorf("it differs from %s: starter schedule apply", d.app.path)
		}
		d.check("Schedule "+train.ScheduleID(t.Name), "is as in "+d.app.path, err)
	}
}
