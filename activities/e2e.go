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
	"github.com/release-train/release-train/internal/owners"
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

// told says whether GitLab's test report has tests of a job, and whether it says
// why the job failed.
func told(report gitlab.TestReport, job string) (tests, failures bool) {
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
	_, failures := told(report, job)
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

// findings are the failing tests of a run, and how many tests there were.
type findings struct {
	tests  int
	failed []finding
}

// finding is a failing test, or a spec in which as many failed.
type finding struct {
	spec, test string
	count      int // 0: the spec failed without a failing test
	recent     int
}

// collect takes the failing tests of GitLab's test report, and of each failed
// job that it does not explain what the job left behind.
func collect(report gitlab.TestReport, failed []failedJob) findings {
	var out findings
	names := naming{failed: failed, known: knownPaths(report, failed)}
	reported := map[identity]bool{}
	for _, suite := range report.Suites {
		out.tests += len(suite.Cases)
		mine := names.of(suite)
		for _, c := range suite.Cases {
			reported[identity{c.ClassName, c.Name, failing(c)}] = true
			if failing(c) {
				spec := mine.spec(cypress.Case{File: c.File, Suite: suite.Name, Name: c.Name, ClassName: c.ClassName})
				out.failed = append(out.failed, finding{spec: spec, test: c.Name, count: 1, recent: c.Recent})
			}
		}
	}
	for _, job := range failed {
		tests, failures := told(report, job.name)
		if failures {
			continue
		}
		mine := naming{failed: []failedJob{job}, known: names.known}
		if !out.addCases(job.cases, mine, reported) {
			out.addTable(job.table, mine, !tests && len(job.cases) == 0)
		}
	}
	return out
}

// identity is by what a test of GitLab's report and one of a JUnit file are the same.
type identity struct {
	class, name string
	failed      bool
}

// addCases takes the cases of JUnit files that GitLab did not report; it says
// whether one of all has failed.
func (f *findings) addCases(cases []cypress.Case, names naming, reported map[identity]bool) bool {
	for _, c := range cases {
		if reported[identity{c.ClassName, c.Name, broke(c)}] {
			continue
		}
		f.tests++
		if broke(c) {
			f.failed = append(f.failed, finding{spec: names.spec(c), test: c.Name, count: 1})
		}
	}
	return slices.ContainsFunc(cases, broke)
}

func broke(c cypress.Case) bool {
	return c.Status == cypress.StatusFailed || c.Status == cypress.StatusError
}

// addTable takes the failed specs of a job's table. Unless the job's tests are
// counted already, all of them are; else only those that are new, the failed ones.
func (f *findings) addTable(table []cypress.Spec, names naming, all bool) {
	for _, row := range table {
		if all {
			f.tests += row.Tests
		}
		if !row.Failed {
			continue
		}
		spec := names.whole(row.File)
		if slices.ContainsFunc(f.failed, func(o finding) bool { return o.test != "" && o.spec == spec }) {
			continue // its failing tests are known
		}
		if !all {
			f.tests += row.Failing
		}
		f.failed = append(f.failed, finding{spec: spec, count: row.Failing})
	}
}

// naming finds the spec of a test: failed are the jobs it may have run in, known
// the paths and class names that are told somewhere.
type naming struct {
	failed []failedJob
	known  []string
}

// knownPaths are the files and class names of all tests, each once.
func knownPaths(report gitlab.TestReport, failed []failedJob) []string {
	var out []string
	for _, suite := range report.Suites {
		for _, c := range suite.Cases {
			out = append(out, c.File, c.ClassName)
		}
	}
	for _, job := range failed {
		for _, c := range job.cases {
			out = append(out, c.File, c.ClassName)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// of narrows the naming to the jobs of a suite, if GitLab's name of it tells them.
func (n naming) of(suite gitlab.TestSuite) naming {
	var mine []failedJob
	for _, job := range n.failed {
		if reports(suite, job.name) {
			mine = append(mine, job)
		}
	}
	if len(mine) > 0 {
		n.failed = mine
	}
	return n
}

// spec names the spec of a failing test. The reporter that Cypress recommends
// leaves the file out where GitLab looks for it; then it is found in the JUnit
// files, else in the table of specs, else the class name or the suite stands for it.
func (n naming) spec(c cypress.Case) string {
	return cmp.Or(c.File, n.fromCases(c), n.fromTables(c), c.ClassName, c.Suite)
}

// fromCases is the file of the JUnit case of the same name; one that failed goes first.
func (n naming) fromCases(c cypress.Case) string {
	spec := ""
	for _, job := range n.failed {
		for _, o := range job.cases {
			switch {
			case o.File == "" || o.Name != c.Name || o.ClassName != c.ClassName:
			case broke(o):
				return o.File
			default:
				spec = cmp.Or(spec, o.File)
			}
		}
	}
	return spec
}

// fromTables is the failed spec that has the name of the test's class or suite,
// else the only failed one.
func (n naming) fromTables(c cypress.Case) string {
	var rows []string
	for _, job := range n.failed {
		for _, row := range job.table {
			if row.Failed {
				rows = append(rows, row.File)
			}
		}
	}
	for _, name := range []string{c.ClassName, c.Suite} {
		for _, row := range rows {
			if row == name || within(row, name) {
				return n.whole(name)
			}
			if within(name, row) {
				return n.whole(row)
			}
		}
	}
	if len(rows) == 1 {
		return n.whole(rows[0])
	}
	return ""
}

// whole is the known path that a shortened one stands for: the table leaves out
// the folder that all specs have in common. Where several end like it, it stays.
func (n naming) whole(name string) string {
	longer := ""
	for _, known := range n.known {
		switch {
		case known == name:
			return name
		case !within(name, known):
		case longer != "":
			return name
		default:
			longer = known
		}
	}
	return cmp.Or(longer, name)
}

// within says whether a path ends with all elements of a shorter one.
func within(short, long string) bool { return short != "" && strings.HasSuffix(long, "/"+short) }

const (
	// specsShown bounds the failing specs that enter workflow history.
	specsShown = 10
	// nameShown bounds the characters of their names, which tests choose.
	nameShown = 500
)

// summarise lists the failing specs of a run, one line a spec.
func summarise(f findings) train.E2EReport {
	out := train.E2EReport{Tests: f.tests}
	at := map[string]int{}
	for _, found := range f.failed {
		out.Failed += found.count
		i, seen := at[found.spec]
		if !seen {
			i = len(at)
			at[found.spec] = i
			if i < specsShown {
				out.Specs = append(out.Specs, train.FailingSpec{Spec: train.Clip(found.spec, nameShown)})
			}
		}
		if i < specsShown {
			s := &out.Specs[i]
			s.Test = cmp.Or(s.Test, train.Clip(found.test, nameShown))
			s.Recent = max(s.Recent, found.recent)
		}
	}
	out.MoreSpecs = len(at) - len(out.Specs)
	return out
}

// codeownersPaths are where GitLab looks for the file, in its order.
var codeownersPaths = []string{"CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"}

// findOwners fills in who owns the failing specs, by CODEOWNERS of the E2E project.
func (e *E2E) findOwners(ctx context.Context, in train.ReadE2EReportInput, specs []train.FailingSpec) {
	file := e.codeowners(ctx, in)
	for i := range specs {
		specs[i].Owners = ownersOf(file, specs[i].Spec)
		specs[i].Groups = groupsOf(in.Groups, specs[i].Owners)
	}
}

// codeowners is the project's file; one that owns nothing when it cannot be read.
func (e *E2E) codeowners(ctx context.Context, in train.ReadE2EReportInput) owners.File {
	for _, name := range codeownersPaths {
		raw, err := e.GitLab.API.File(ctx, in.Project, in.Ref, name)
		if err != nil {
			continue
		}
		if file, err := owners.Parse(bytes.NewReader(raw)); err == nil {
			return file
		}
	}
	return owners.File{}
}

const (
	// specFolder is where Cypress keeps specs unless it is told otherwise.
	specFolder = "cypress/e2e/"
	// anyPath stands for a path that only rules for everything match.
	anyPath = "any"
)

// ownersOf are the owners of a spec. Its name may lack the folder of all specs,
// as the table leaves it out: where no rule but those for everything matches the
// name, it is looked for in Cypress' own folder.
func ownersOf(file owners.File, spec string) []string {
	found := file.Owners(spec)
	if !strings.HasPrefix(spec, specFolder) && slices.Equal(found, file.Owners(anyPath)) {
		return file.Owners(specFolder + spec)
	}
	return found
}

// groupsOf are the groups in Slack of those owners that have one, each once.
func groupsOf(groups map[string]string, of []string) []string {
	var out []string
	for _, owner := range of {
		if g := groups[owner]; g != "" && !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
	return out
}
