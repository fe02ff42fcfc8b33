package activities

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/cypress"
	"github.com/release-train/release-train/internal/gitlab"
	"github.com/release-train/release-train/internal/train"
)

// E2E are the activities on end-to-end runs; their pipeline is a GitLab
// pipeline, and what they tested is what Flux reports for staging.
type E2E struct {
	GitLab *GitLab
	Flux   FluxAPI
}

// StartE2E starts the E2E pipeline, if staging runs the candidate. What an earlier
// try started is found before anything else is asked: holds that stand now do not undo it.
func (e *E2E) StartE2E(ctx context.Context, in train.StartE2EInput) (train.StartedE2E, error) {
	started, err := e.GitLab.findPipeline(ctx, in.Pipeline)
	if err != nil || started.ID != 0 {
		return train.StartedE2E{StartedPipeline: started}, failure(err)
	}
	holds, err := e.GitLab.Holds.stand(ctx, in.Guard)
	if err != nil || len(holds) > 0 {
		return train.StartedE2E{Holds: holds}, failure(err)
	}
	void, err := e.void(ctx, in.Flux, in.Candidate)
	if err != nil || void != "" {
		return train.StartedE2E{Void: void}, failure(err)
	}
	started, err = e.GitLab.createPipeline(ctx, in.Pipeline)
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
// owners, and the Cypress run. It asks GitLab's test report, then the JUnit
// files of the jobs that failed, then the table in their traces. What cannot be
// read is left out; only where GitLab will answer later it is an error.
func (e *E2E) ReadE2EReport(ctx context.Context, in train.ReadE2EReportInput) (train.E2EFound, error) {
	void, err := e.void(ctx, in.Flux, in.Candidate)
	if err != nil {
		return train.E2EFound{}, failure(err)
	}
	found := train.E2EFound{Void: void}
	report, err := e.GitLab.API.TestReport(ctx, in.Project, in.PipelineID)
	if err != nil && !absent(err) {
		return found, failure(err)
	}
	jobs, err := e.GitLab.API.PipelineJobs(ctx, in.Project, in.PipelineID, false)
	if err != nil && !absent(err) {
		return found, failure(err)
	}
	failed, url := e.search(ctx, in, report, jobs)
	found.Report = summarise(collect(report, failed))
	found.Report.CypressURL = url
	if len(found.Report.Specs) > 0 {
		e.findOwners(ctx, in, found.Report.Specs)
	}
	return found, nil
}

// absent says that GitLab has nothing to show to us, now or later.
func absent(err error) bool {
	return train.FaultIs(err, train.FaultNotFound) || train.FaultIs(err, train.FaultForbidden)
}

const (
	// searchWithin bounds the search in jobs, so that a slow GitLab costs the
	// details of a report but not the report.
	searchWithin = 90 * time.Second
	// traceTail is how much of a job's trace is searched: the table of specs and
	// the link stand in its last lines.
	traceTail = 256 << 10
)

// failedJob is what a job that failed left behind, as far as it can be read.
type failedJob struct {
	name  string
	table []cypress.Spec // the failed ones and the others
	cases []cypress.Case
}

// search reads what the jobs left behind, and the recorded Cypress run: that of
// the newest job that has one. GitLab lists the newest first.
func (e *E2E) search(ctx context.Context, in train.ReadE2EReportInput, report gitlab.TestReport,
	jobs []gitlab.Job) (failed []failedJob, url string) {
	ctx, cancel := context.WithTimeout(ctx, searchWithin)
	defer cancel()
	var ids []int64
	for _, job := range jobs {
		if job.Status != "failed" && url != "" {
			continue
		}
		trace, err := e.GitLab.API.Trace(ctx, in.Project, job.ID, traceTail)
		if err != nil {
			trace = "" // a report without a link is better than none
		}
		url = cmp.Or(url, cypress.RunURL(trace))
		if job.Status == "failed" {
			failed = append(failed, failedJob{name: job.Name, table: cypress.Finished(trace)})
			ids = append(ids, job.ID)
		}
	}
	for i := range failed {
		if in.JUnit != "" && !complete(report, failed[i].name) {
			failed[i].cases = e.junit(ctx, in.Project, ids[i], in.JUnit)
		}
	}
	return failed, url
}

// groupPattern is what GitLab cuts off the name of a parallel job: the jobs of a
// group share one suite in the test report. A matrix keeps its names.
// Source: Ci::Build#test_suite_name and CommitStatus#group_name of GitLab.
var groupPattern = regexp.MustCompile(`(?:[\s:]+(?:\[.*\]|[0-9]+[\s:/\\]+[0-9]+))+\s*$`)

// reports says whether a suite of GitLab's test report is that of a job.
func reports(suite gitlab.TestSuite, job string) bool {
	return suite.Name == job || suite.Name == groupPattern.ReplaceAllString(job, "")
}

// reportHas says whether GitLab's test report has tests of a job, and whether it says
// why the job failed.
func reportHas(report gitlab.TestReport, job string) (tests, failures bool) {
	for _, suite := range report.Suites {
		if reports(suite, job) {
			tests = tests || len(suite.Cases) > 0
			failures = failures || slices.ContainsFunc(suite.Cases, failing)
		}
	}
	return tests, failures
}

// complete says that GitLab's test report names the specs in which a job failed.
func complete(report gitlab.TestReport, job string) bool {
	_, failures := reportHas(report, job)
	return failures && !slices.ContainsFunc(report.Suites, func(suite gitlab.TestSuite) bool {
		return reports(suite, job) && slices.ContainsFunc(suite.Cases,
			func(c gitlab.TestCase) bool { return failing(c) && c.File == "" })
	})
}

func failing(c gitlab.TestCase) bool { return c.Status == "failed" || c.Status == "error" }

// Bounds on what is read of a job's artifacts, which anybody's test may fill.
const (
	maxArchive  = 64 << 20 // of the archive, and of all that is unpacked
	maxFile     = 8 << 20
	maxArchived = 500 // JUnit files
)

// junit are the cases in the JUnit files of a job's artifacts; none when they cannot be read.
func (e *E2E) junit(ctx context.Context, project string, job int64, pattern string) []cypress.Case {
	raw, err := e.GitLab.API.Artifacts(ctx, project, job)
	if err != nil || len(raw) > maxArchive {
		return nil
	}
	archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil
	}
	var cases []cypress.Case
	files, size := 0, 0
	for _, f := range archive.File {
		if !matches(pattern, f.Name) {
			continue
		}
		if files++; files > maxArchived {
			break
		}
		text := unpack(f)
		if size += len(text); size > maxArchive {
			break
		}
		// One file that is no report does not take the others away.
		if more, err := cypress.ParseJUnit(bytes.NewReader(text)); err == nil {
			cases = append(cases, more...)
		}
	}
	return cases
}

// matches says whether a file is meant by a pattern: one without a slash is for the name alone.
func matches(pattern, name string) bool {
	if !strings.Contains(pattern, "/") {
		name = path.Base(name)
	}
	ok, err := path.Match(pattern, name)
	return err == nil && ok
}

// unpack is the text of a file; empty when it is too large or broken. The size
// is counted, since the one that the archive tells may be wrong.
func unpack(f *zip.File) []byte {
	r, err := f.Open()
	if err != nil {
		return nil
	}
	defer func() { _ = r.Close() }()
	text, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil || len(text) > maxFile {
		return nil
	}
	return text
}

const (
	// specsShown bounds the failing specs that enter workflow history.
	specsShown = 10
	// nameShown bounds the characters of their names, which tests choose.
	nameShown = 500
)

// codeownersPaths are where GitLab looks for the file, in its order.
var codeownersPaths = []string{"CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"}

const (
	// specFolder is where Cypress keeps specs unless it is told otherwise.
	specFolder = "cypress/e2e/"
	// anyPath stands for a path that only rules for everything match.
	anyPath = "any"
)
