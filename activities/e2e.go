package activities

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"

	"github.com/hairyhenderson/go-codeowners"

	"github.com/release-train/release-train/internal/gitlab"
	"github.com/release-train/release-train/internal/train"
)

// E2E are the activities on end-to-end runs; their pipeline is a GitLab
// pipeline, and what they tested is what Flux reports for staging.
type E2E struct {
	GitLab *GitLab
	Flux   FluxAPI
}

// StartE2E starts the E2E pipeline, if staging runs the candidate.
func (e *E2E) StartE2E(ctx context.Context, in train.StartE2EInput) (train.StartedE2E, error) {
	holds, err := e.GitLab.Holds.stand(ctx, in.Guard)
	if err != nil || len(holds) > 0 {
		return train.StartedE2E{Holds: holds}, failure(err)
	}
	void, err := e.void(ctx, in.Flux, in.Candidate)
	if err != nil || void != "" {
		return train.StartedE2E{Void: void}, failure(err)
	}
	started, err := e.GitLab.StartPipeline(ctx, in.Pipeline)
	return train.StartedE2E{StartedPipeline: started}, err
}

// void says that staging runs something else than the candidate; empty when it runs it.
func (e *E2E) void(ctx context.Context, object train.FluxObject, c train.Candidate) (string, error) {
	state, err := e.Flux.State(ctx, object)
	if err != nil || state.Running.Is(c) {
		return "", err
	}
	return fmt.Sprintf("staging runs %s, not %s", state.Running, c.Tag), nil
}

// ReadE2EReport reads what an E2E pipeline found: failing specs with their
// owners, and the Cypress run. What cannot be read is left out.
func (e *E2E) ReadE2EReport(ctx context.Context, in train.ReadE2EReportInput) (train.E2EFound, error) {
	void, err := e.void(ctx, in.Flux, in.Candidate)
	if err != nil {
		return train.E2EFound{}, failure(err)
	}
	found := train.E2EFound{Void: void}
	report, err := e.GitLab.API.TestReport(ctx, in.Project, in.PipelineID)
	if err != nil {
		return found, failure(err)
	}
	jobs, err := e.GitLab.API.PipelineJobs(ctx, in.Project, in.PipelineID, false)
	if err != nil {
		return found, failure(err)
	}
	found.Report = summarise(report)
	found.Report.CypressURL = e.cypressRun(ctx, in.Project, jobs)
	if len(found.Report.Specs) > 0 {
		e.findOwners(ctx, in, found.Report.Specs)
	}
	return found, nil
}

// specsShown bounds the failing specs that enter workflow history.
const specsShown = 10

// summarise lists the failing specs of a test report, one line a spec.
func summarise(report gitlab.TestReport) train.E2EReport {
	var out train.E2EReport
	seen := map[string]bool{}
	for _, suite := range report.Suites {
		out.Tests += len(suite.Cases)
		for _, c := range suite.Cases {
			if c.Status != "failed" && c.Status != "error" {
				continue
			}
			out.Failed++
			// Cypress' own reporter leaves the file out; the class name or the suite then stands for it.
			spec := cmp.Or(c.File, c.ClassName, suite.Name)
			switch {
			case seen[spec]:
			case len(out.Specs) == specsShown:
				out.MoreSpecs++
			default:
				out.Specs = append(out.Specs, train.FailingSpec{Spec: spec, Test: c.Name})
			}
			seen[spec] = true
		}
	}
	return out
}

// traceTail is how much of a job's trace is searched for the Cypress run: the
// link stands in its last lines.
const traceTail = 256 << 10

// cypressRunPattern finds the last "Recorded Run" that Cypress prints.
var cypressRunPattern = regexp.MustCompile(`https://(?:cloud|dashboard)\.cypress\.io/(?:#/)?projects/[A-Za-z0-9]+/runs/(?:[0-9a-f-]{36}|[0-9]+)`)

// cypressRun is the Cypress Cloud link in the trace of one of the jobs; empty when there is none.
func (e *E2E) cypressRun(ctx context.Context, project string, jobs []gitlab.Job) string {
	for _, job := range jobs {
		trace, err := e.GitLab.API.Trace(ctx, project, job.ID, traceTail)
		if err != nil {
			continue // a report without a link is better than none
		}
		if links := cypressRunPattern.FindAllString(trace, -1); len(links) > 0 {
			return links[len(links)-1]
		}
	}
	return ""
}

// codeownersPaths are where GitLab looks for the file, in its order.
var codeownersPaths = []string{"CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"}

// findOwners fills in who owns the failing specs, by CODEOWNERS of the E2E project.
func (e *E2E) findOwners(ctx context.Context, in train.ReadE2EReportInput, specs []train.FailingSpec) {
	for _, path := range codeownersPaths {
		raw, err := e.GitLab.API.File(ctx, in.Project, in.Ref, path)
		if err != nil {
			continue
		}
		owners, err := codeowners.FromReader(bytes.NewReader(raw), "")
		if err != nil {
			continue
		}
		for i := range specs {
			specs[i].Owners = slices.Compact(owners.Owners(specs[i].Spec))
		}
		return
	}
}
