package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/release-train/release-train/internal/config"
	"github.com/release-train/release-train/internal/flux"
	"github.com/release-train/release-train/internal/gitlab"
	"github.com/release-train/release-train/internal/slack"
	"github.com/release-train/release-train/internal/temporalx"
	"github.com/release-train/release-train/internal/train"
)

// doctor checks the set-up with reads only and says what to fix.
type doctor struct {
	app    *app
	failed int

	gitlab *gitlab.Client
	slack  *slack.Client
	flux   *flux.Client
}

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Check tokens, jobs, channels, Flux objects and schedules, and say what to fix",
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
				return fmt.Errorf("%s failed", train.Plural(d.failed, "check"))
			}
			a.printf("All is well.\n")
			return nil
		},
	}
}

func (d *doctor) connect(f config.File) (err error) {
	secrets := config.SecretsFromEnv(d.app.getenv)
	if err := secrets.Check(); err != nil {
		return err
	}
	if d.gitlab, err = gitlab.New(gitlab.Options{URL: f.GitLab.URL, Token: secrets.GitLabToken}); err != nil {
		return err
	}
	d.slack = slack.New(slack.Options{URL: f.Slack.URL, Token: secrets.SlackBotToken})
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
	d.app.printf("%s  %-34s %s\n", mark, what, detail)
}

func (d *doctor) run(ctx context.Context, f config.File) {
	detail, err := clock(ctx, f.GitLab.URL)
	d.check("clock", detail, err)
	me, err := d.gitlab.CurrentUser(ctx)
	d.check("GitLab token", "is "+me.Username, err)
	self, err := d.slack.AuthTest(ctx)
	d.check("Slack token", "is the bot "+self.UserID+" of "+self.Team, err)
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

func (d *doctor) project(ctx context.Context, t train.Train) {
	p, err := d.gitlab.Project(ctx, t.Project)
	d.check("project "+t.Project, p.WebURL, err)
	head, err := d.gitlab.Head(ctx, t.Project, t.Branch)
	d.check("branch "+t.Branch, "is at "+train.ShortSHA(head.SHA)+" "+head.Title, err)
	e2e, err := d.gitlab.Project(ctx, t.E2E.Project)
	if err == nil && e2e.PipelineVariablesRole == "no_one_allowed" {
		err = fmt.Errorf("no role may set pipeline variables in %s: allow the bot's role in its CI/CD settings", t.E2E.Project)
	}
	d.check("E2E project "+t.E2E.Project, e2e.WebURL, err)
	detail, err := d.jobs(ctx, t)
	d.check("jobs of "+t.Name, detail, err)
}

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
		return "", fmt.Errorf("the pipeline of %s lacks %s: correct the names in %s", newest, strings.Join(missing, ", "), d.app.path)
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
	}
	return names
}

func (d *doctor) environments(ctx context.Context, t train.Train) {
	for _, e := range []train.Environment{t.Staging, t.Production} {
		state, err := d.flux.State(ctx, e.Flux)
		detail := "runs " + state.Running.String()
		if err == nil && !state.Waits {
			detail += ", but spec.wait is off: ready only means applied"
		}
		d.check("Flux "+e.Flux.Kustomization+" in "+e.Flux.Context, detail, err)
	}
}

func (d *doctor) channels(ctx context.Context, t train.Train) {
	for _, name := range t.Slack.Channels() {
		ch, err := d.slack.Channel(ctx, name)
		if err == nil && !ch.IsMember {
			err = errors.New("the bot is not in the channel: /invite it")
		}
		d.check("channel "+name, ch.ID, err)
	}
	mention, err := d.slack.GroupMention(ctx, t.Slack.OnCall)
	if err == nil && mention == t.Slack.OnCall {
		err = errors.New("there is no such user group: create it, or correct slack.onCall")
	}
	d.check("group "+t.Slack.OnCall, mention, err)
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
		err = fmt.Errorf("%s are not registered: start a worker, or let an administrator add them as Keyword", strings.Join(missing, ", "))
	}
	d.check("search attributes", strings.Join(train.SearchAttributes(), ", "), err)
	for _, t := range trains {
		s, err := describe(ctx, c, t)
		if err == nil && !sameSpec(*s.Schedule.Spec, temporalSpec(t, time.Now())) {
			err = fmt.Errorf("it differs from %s: starter schedule apply", d.app.path)
		}
		d.check("Schedule "+train.ScheduleID(t.Name), "is as in "+d.app.path, err)
	}
}
