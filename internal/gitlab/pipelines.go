package gitlab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"

	lib "github.com/xanzy/go-gitlab"

	"github.com/release-train/release-train/internal/train"
)

// Pipelines of a project, newest first.
func (c *Client) Pipelines(ctx context.Context, project string, q PipelineQuery) ([]Pipeline, error) {
	return pages(ctx, "list the pipelines of "+project, q.Max, pipelineInfo,
		func(l lib.ListOptions, opts ...lib.RequestOptionFunc) ([]*lib.PipelineInfo, *lib.Response, error) {
			return c.api.Pipelines.ListProjectPipelines(project, &lib.ListProjectPipelinesOptions{
				ListOptions: l, Ref: some(q.Ref), SHA: some(q.SHA), Source: some(q.Source), UpdatedAfter: some(q.UpdatedAfter),
				OrderBy: lib.Ptr("id"), Sort: lib.Ptr("desc"),
			}, opts...)
		})
}

// some is a pointer to a value, nil to the zero value: "not asked".
func some[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func pipelineInfo(p *lib.PipelineInfo) Pipeline {
	return Pipeline{
		ID: int64(p.ID), Status: p.Status, Source: p.Source, Ref: p.Ref, SHA: p.SHA, WebURL: p.WebURL,
		CreatedAt: at(p.CreatedAt),
	}
}

func pipeline(p *lib.Pipeline) Pipeline {
	return Pipeline{
		ID: int64(p.ID), Status: p.Status, Source: p.Source, Ref: p.Ref, SHA: p.SHA, WebURL: p.WebURL,
		YAMLErrors: p.YamlErrors, CreatedAt: at(p.CreatedAt),
	}
}

// Pipeline by its ID.
func (c *Client) Pipeline(ctx context.Context, project string, id int64) (Pipeline, error) {
	p, err := one(ctx, fmt.Sprintf("read pipeline %d of %s", id, project),
		func(opts ...lib.RequestOptionFunc) (*lib.Pipeline, *lib.Response, error) {
			return c.api.Pipelines.GetPipeline(project, int(id), opts...)
		})
	if err != nil {
		return Pipeline{}, err
	}
	return pipeline(p), nil
}

// PipelineVariables are those that a pipeline was started with.
func (c *Client) PipelineVariables(ctx context.Context, project string, id int64) (map[string]string, error) {
	list, err := one(ctx, fmt.Sprintf("read the variables of pipeline %d of %s", id, project),
		func(opts ...lib.RequestOptionFunc) ([]*lib.PipelineVariable, *lib.Response, error) {
			return c.api.Pipelines.GetPipelineVariables(project, int(id), opts...)
		})
	out := map[string]string{}
	for _, v := range list {
		out[v.Key] = v.Value
	}
	return out, err
}

// CreatePipeline starts a pipeline on a ref with variables. Not safe to repeat
// blindly: give it a variable of its own and look for that first.
func (c *Client) CreatePipeline(ctx context.Context, project, ref string,
	variables map[string]string) (Pipeline, error) {
	var list []*lib.PipelineVariableOptions
	for _, k := range slices.Sorted(maps.Keys(variables)) {
		list = append(list, &lib.PipelineVariableOptions{Key: lib.Ptr(k), Value: lib.Ptr(variables[k])})
	}
	p, err := one(ctx, "start a pipeline on "+ref+" of "+project,
		func(opts ...lib.RequestOptionFunc) (*lib.Pipeline, *lib.Response, error) {
			return c.api.Pipelines.CreatePipeline(project, &lib.CreatePipelineOptions{Ref: &ref, Variables: &list}, opts...)
		})
	if err != nil {
		return Pipeline{}, err
	}
	return pipeline(p), nil
}

// PipelineJobs are the jobs of a pipeline, newest first; those that were
// retried only on request.
func (c *Client) PipelineJobs(ctx context.Context, project string, id int64, includeRetried bool) ([]Job, error) {
	return pages(ctx, fmt.Sprintf("list the jobs of pipeline %d of %s", id, project), 0, job,
		func(l lib.ListOptions, opts ...lib.RequestOptionFunc) ([]*lib.Job, *lib.Response, error) {
			return c.api.Jobs.ListPipelineJobs(project, int(id),
				&lib.ListJobsOptions{ListOptions: l, IncludeRetried: some(includeRetried)}, opts...)
		})
}

func job(j *lib.Job) Job {
	out := Job{
		ID: int64(j.ID), Name: j.Name, Stage: j.Stage, Status: j.Status, FailureReason: j.FailureReason,
		AllowFailure: j.AllowFailure,
		WebURL:       j.WebURL, PipelineID: int64(j.Pipeline.ID), StartedAt: at(j.StartedAt), FinishedAt: at(j.FinishedAt),
	}
	if j.User != nil {
		out.User = j.User.Username
	}
	return out
}

// PlayJob plays a manual job; train.FaultConflict when it cannot be played now.
// GitLab answers the play of a job that has ended by running it again: look at
// its status first, never repeat blindly.
func (c *Client) PlayJob(ctx context.Context, project string, id int64, variables map[string]string) (Job, error) {
	var list []*lib.JobVariableOptions
	for _, k := range slices.Sorted(maps.Keys(variables)) {
		list = append(list, &lib.JobVariableOptions{Key: lib.Ptr(k), Value: lib.Ptr(variables[k])})
	}
	options := &lib.PlayJobOptions{} // never nil: the library would send "null"
	if len(list) > 0 {
		options.JobVariablesAttributes = &list
	}
	j, err := one(ctx, fmt.Sprintf("play job %d of %s", id, project),
		func(opts ...lib.RequestOptionFunc) (*lib.Job, *lib.Response, error) {
			return c.api.Jobs.PlayJob(project, int(id), options, opts...)
		})
	if err != nil {
		return Job{}, explainPlay(err)
	}
	return job(j), nil
}

// explainPlay names the causes that GitLab's bare 403 leaves open.
func explainPlay(err error) error {
	var f *train.Fault
	if errors.As(err, &f) && f.Status == http.StatusForbidden {
		f.Advice = "Either the environment is protected against the bot, or a newer deployment has made the job outdated, " +
			"or the deployment waits for an approval, or the bot may not set job variables"
	}
	return err
}

// RetryJob runs a job that has ended once more, as a new job; not safe to repeat
// blindly: look for a newer job of its name first.
func (c *Client) RetryJob(ctx context.Context, project string, id int64) (Job, error) {
	j, err := one(ctx, fmt.Sprintf("retry job %d of %s", id, project),
		func(opts ...lib.RequestOptionFunc) (*lib.Job, *lib.Response, error) {
			return c.api.Jobs.RetryJob(project, int(id), opts...)
		})
	if err != nil {
		return Job{}, explainPlay(err)
	}
	return job(j), nil
}

// CancelJob cancels a job that has not ended; it may be repeated.
func (c *Client) CancelJob(ctx context.Context, project string, id int64) error {
	_, err := one(ctx, fmt.Sprintf("cancel job %d of %s", id, project),
		func(opts ...lib.RequestOptionFunc) (*lib.Job, *lib.Response, error) {
			return c.api.Jobs.CancelJob(project, int(id), opts...)
		})
	return err
}

// Artifacts is the archive of a job's artifacts, a zip file.
func (c *Client) Artifacts(ctx context.Context, project string, job int64) ([]byte, error) {
	r, err := one(ctx, fmt.Sprintf("read the artifacts of job %d of %s", job, project),
		func(opts ...lib.RequestOptionFunc) (io.Reader, *lib.Response, error) {
			r, resp, err := c.api.Jobs.GetJobArtifacts(project, int(job), opts...)
			return r, resp, err
		})
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read the artifacts of job %d: %w", job, err)
	}
	return raw, nil
}

// CancelPipeline cancels what of a pipeline has not ended; it may be repeated.
func (c *Client) CancelPipeline(ctx context.Context, project string, id int64) error {
	_, err := one(ctx, fmt.Sprintf("cancel pipeline %d of %s", id, project),
		func(opts ...lib.RequestOptionFunc) (*lib.Pipeline, *lib.Response, error) {
			return c.api.Pipelines.CancelPipelineBuild(project, int(id), opts...)
		})
	return err
}

// Trace is the last limit bytes of a job's log; empty before it has one.
func (c *Client) Trace(ctx context.Context, project string, job, limit int64) (string, error) {
	r, err := one(ctx, fmt.Sprintf("read the log of job %d of %s", job, project),
		func(opts ...lib.RequestOptionFunc) (io.Reader, *lib.Response, error) {
			r, resp, err := c.api.Jobs.GetTraceFile(project, int(job), opts...)
			return r, resp, err
		})
	if err != nil {
		return "", err
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return "", fmt.Errorf("read the log of job %d: %w", job, err)
	}
	return tail(string(raw), limit), nil
}

// TestReport of a pipeline. GitLab keeps it for two minutes once the pipeline has ended.
func (c *Client) TestReport(ctx context.Context, project string, pipeline int64) (TestReport, error) {
	r, err := one(ctx, fmt.Sprintf("read the test report of pipeline %d of %s", pipeline, project),
		func(opts ...lib.RequestOptionFunc) (*lib.PipelineTestReport, *lib.Response, error) {
			return c.api.Pipelines.GetPipelineTestReport(project, int(pipeline), opts...)
		})
	if err != nil {
		return TestReport{}, err
	}
	var out TestReport
	for _, s := range r.TestSuites {
		suite := TestSuite{Name: s.Name}
		for _, t := range s.TestCases {
			c := TestCase{Status: t.Status, Name: t.Name, ClassName: t.Classname, File: t.File, Output: output(t.SystemOutput)}
			if t.RecentFailures != nil {
				c.Recent = t.RecentFailures.Count
			}
			suite.Cases = append(suite.Cases, c)
		}
		out.Suites = append(out.Suites, suite)
	}
	return out, nil
}

// output writes a test's output, which GitLab gives as text, object or list.
func output(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(raw)
}

// Deployments to an environment with a status, newest first, at most limit.
func (c *Client) Deployments(ctx context.Context, project, environment, status string,
	limit int) ([]Deployment, error) {
	return pages(ctx, "list the deployments of "+project+" to "+environment, limit,
		func(d *lib.Deployment) Deployment {
			out := Deployment{ID: int64(d.ID), Ref: d.Ref, SHA: d.SHA, Status: d.Status}
			j := d.Deployable
			out.Job = Job{ID: int64(j.ID), Name: j.Name, Stage: j.Stage, Status: j.Status, PipelineID: int64(j.Pipeline.ID),
				StartedAt: at(j.StartedAt)}
			if j.User != nil {
				out.Job.User = j.User.Username
			}
			return out
		},
		func(l lib.ListOptions, opts ...lib.RequestOptionFunc) ([]*lib.Deployment, *lib.Response, error) {
			return c.api.Deployments.ListProjectDeployments(project, &lib.ListProjectDeploymentsOptions{
				ListOptions: l, Environment: some(environment), Status: some(status), OrderBy: lib.Ptr("id"), Sort: lib.Ptr("desc"),
			}, opts...)
		})
}
