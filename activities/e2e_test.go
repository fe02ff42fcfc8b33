package activities

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/flux"
	"github.com/release-train/release-train/internal/gitlab"
	"github.com/release-train/release-train/internal/train"
)

// e2eGitLab is a GitLab in which each job has a trace and artifacts of its own.
type e2eGitLab struct {
	*fakeGitLab
	traces              map[int64]string
	artifacts           map[int64][]byte
	fetched             []int64 // jobs whose artifacts were asked for
	reportErr, traceErr error
}

func (g *e2eGitLab) TestReport(context.Context, string, int64) (gitlab.TestReport, error) {
	return g.report, g.reportErr
}

func (g *e2eGitLab) Trace(_ context.Context, _ string, job, _ int64) (string, error) {
	return g.traces[job], g.traceErr
}

func (g *e2eGitLab) Artifacts(_ context.Context, _ string, job int64) ([]byte, error) {
	g.fetched = append(g.fetched, job)
	if raw, ok := g.artifacts[job]; ok {
		return raw, nil
	}
	return nil, &train.Fault{Kind: train.FaultNotFound}
}

// e2eRun is a run of jobs, of which job 1, "cypress", failed.
func e2eRun(cases ...gitlab.TestCase) *e2eGitLab {
	g := &e2eGitLab{
		fakeGitLab: &fakeGitLab{jobs: []gitlab.Job{{ID: 1, Name: "cypress", Status: "failed"}}},
		traces:     map[int64]string{}, artifacts: map[int64][]byte{},
	}
	if len(cases) > 0 {
		g.report.Suites = []gitlab.TestSuite{{Name: "cypress", Cases: cases}}
	}
	return g
}

func (g *e2eGitLab) read(t *testing.T, in train.ReadE2EReportInput) (train.E2EFound, error) {
	t.Helper()
	in.Candidate = train.Candidate{Tag: "v1"}
	e := &E2E{GitLab: &GitLab{API: g}, Flux: &fakeFlux{state: flux.State{Running: train.Version{Tag: "v1"}}}}
	return execute(t, e.ReadE2EReport, in)
}

// reads is the report, with JUnit files in results.
func (g *e2eGitLab) reads(t *testing.T) train.E2EReport {
	t.Helper()
	found, err := g.read(t, train.ReadE2EReportInput{JUnit: "results/*.xml"})
	require.NoError(t, err)
	return found.Report
}

func zipped(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for name, text := range files {
		f, err := w.Create(name)
		require.NoError(t, err)
		_, err = f.Write([]byte(text))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

// mocha is a spec's report as mocha-junit-reporter writes it; tests whose name begins with ! fail.
func mocha(file string, tests ...string) string {
	var cases strings.Builder
	for _, test := range tests {
		name, fails := strings.CutPrefix(test, "!")
		why := ""
		if fails {
			why = `<failure message="expected"/>`
		}
		fmt.Fprintf(&cases, `<testcase name="S %s" classname=%q>%s</testcase>`, name, name, why)
	}
	return fmt.Sprintf(`<testsuites><testsuite name="Root Suite" file=%q/><testsuite name="S">%s</testsuite></testsuites>`,
		file, cases.String())
}

// table is how Cypress ends; a row is "✖ spec tests failing".
func table(rows ...string) string {
	out := "  (Run Finished)\n  ┌───┐\n"
	for _, row := range rows {
		f := strings.Fields(row)
		out += fmt.Sprintf("  │ %s  %s   00:12   %s   -   %s   -   - │\n", f[0], f[1], f[2], f[3])
	}
	return out + "  └───┘\n"
}

func failedCase(name, class string) gitlab.TestCase {
	return gitlab.TestCase{Status: "failed", Name: name, ClassName: class}
}

func specsOf(r train.E2EReport) []string {
	var out []string
	for _, s := range r.Specs {
		out = append(out, s.Spec)
	}
	return out
}

func TestE2EReportWithFilesAsksForNoArtifacts(t *testing.T) {
	g := e2eRun(gitlab.TestCase{Status: "failed", Name: "t", File: "a.cy.ts"})
	assert.Equal(t, []train.FailingSpec{{Spec: "a.cy.ts", Test: "t"}}, g.reads(t).Specs)
	assert.Empty(t, g.fetched)
}

func TestE2ESpecWithoutAFileIsThatOfTheJUnitCaseOfItsName(t *testing.T) {
	g := e2eRun(failedCase("S two", "two"), gitlab.TestCase{Status: "success", Name: "S one", ClassName: "one"})
	g.artifacts[1] = zipped(t, map[string]string{
		"results/1.xml": mocha("cypress/e2e/a.cy.ts", "one", "two"), // of a first try
		"results/2.xml": mocha("cypress/e2e/b.cy.ts", "!two"),
		"results/3.xml": "no report",
	})
	assert.Equal(t, train.E2EReport{Tests: 2, Failed: 1,
		Specs: []train.FailingSpec{{Spec: "cypress/e2e/b.cy.ts", Test: "S two"}}}, g.reads(t))
}

func TestE2ESpecWithoutAFileIsElseTheOnlyFailedOneOfTheTable(t *testing.T) {
	g := e2eRun(failedCase("S two", "two"), gitlab.TestCase{Status: "success", File: "cypress/e2e/login/b.cy.ts"})
	g.traces[1] = table("✔ a.cy.ts 1 -", "✖ login/b.cy.ts 2 1")
	assert.Equal(t, []string{"cypress/e2e/login/b.cy.ts"}, specsOf(g.reads(t)), "the table's name is lengthened")
}

func TestE2ESpecWithoutAFileIsThatOfTheTableWithTheNameOfItsClass(t *testing.T) {
	g := e2eRun(failedCase("x", "cypress/e2e/a.cy.ts"), failedCase("y", "b.cy.ts"), failedCase("z", "S"))
	g.traces[1] = table("✖ a.cy.ts 1 1", "✖ login/b.cy.ts 2 1")
	assert.Equal(t, []string{"cypress/e2e/a.cy.ts", "login/b.cy.ts", "S"}, specsOf(g.reads(t)),
		"the last one may be in either")
}

func TestE2ESpecWithoutAnyTraceIsItsClassElseItsSuite(t *testing.T) {
	assert.Equal(t, []string{"class", "cypress"}, specsOf(e2eRun(failedCase("x", "class"), failedCase("y", "")).reads(t)))
}

func TestE2ESpecIsSoughtInTheJobsOfItsSuite(t *testing.T) {
	g := e2eRun()
	g.jobs = []gitlab.Job{{ID: 1, Name: "api: [one]", Status: "failed"}, {ID: 2, Name: "web 1/2", Status: "failed"}}
	g.traces = map[int64]string{1: table("✖ a.cy.ts 1 1"), 2: table("✖ b.cy.ts 1 1")}
	g.report.Suites = []gitlab.TestSuite{
		{Name: "api: [one]", Cases: []gitlab.TestCase{failedCase("x", "")}},
		{Name: "web", Cases: []gitlab.TestCase{failedCase("y", "")}},
	}
	assert.Equal(t, []string{"a.cy.ts", "b.cy.ts"}, specsOf(g.reads(t)))
}

func TestE2EReportWithoutTestsIsThatOfTheJUnitFiles(t *testing.T) {
	g := e2eRun()
	g.artifacts[1] = zipped(t, map[string]string{
		"results/1.xml": mocha("a.cy.ts", "one", "!two", "!three"), "other/2.xml": mocha("b.cy.ts", "!four"),
		"results/sub/3.xml": mocha("c.cy.ts", "!five"),
	})
	assert.Equal(t, train.E2EReport{Tests: 3, Failed: 2, Specs: []train.FailingSpec{{Spec: "a.cy.ts", Test: "S two"}}},
		g.reads(t))
}

func TestE2EPatternWithoutASlashIsForTheNameOfTheFile(t *testing.T) {
	g := e2eRun()
	g.artifacts[1] = zipped(t, map[string]string{"deep/down/junit-1.xml": mocha("a.cy.ts", "!one"),
		"deep/other.xml": mocha("b.cy.ts", "!two")})
	found, err := g.read(t, train.ReadE2EReportInput{JUnit: "junit-*.xml"})
	require.NoError(t, err)
	assert.Equal(t, []string{"a.cy.ts"}, specsOf(found.Report))
}

func TestE2EReportWithoutAFailureIsCompletedByTheJUnitFiles(t *testing.T) {
	g := e2eRun(gitlab.TestCase{Status: "success", Name: "S one", ClassName: "one"})
	g.artifacts[1] = zipped(t, map[string]string{"results/1.xml": mocha("a.cy.ts", "one", "!two")})
	assert.Equal(t, train.E2EReport{Tests: 2, Failed: 1, Specs: []train.FailingSpec{{Spec: "a.cy.ts", Test: "S two"}}},
		g.reads(t), "the first is the same test")
}

func TestE2EReportWithoutTestsAndFilesIsThatOfTheTable(t *testing.T) {
	g := e2eRun()
	g.traces[1] = table("✔ a.cy.ts 3 -", "✖ b.cy.ts 4 2", "✖ crashed.cy.ts - -")
	assert.Equal(t, train.E2EReport{Tests: 7, Failed: 2, Specs: []train.FailingSpec{{Spec: "b.cy.ts"},
		{Spec: "crashed.cy.ts"}}}, g.reads(t))
}

func TestE2EReportOfOneJobDoesNotHideAnotherThatReportedNothing(t *testing.T) {
	g := e2eRun(gitlab.TestCase{Status: "failed", Name: "t", File: "a.cy.ts"})
	g.jobs = append(g.jobs, gitlab.Job{ID: 2, Name: "mobile", Status: "failed"},
		gitlab.Job{ID: 3, Name: "green", Status: "success"})
	g.traces = map[int64]string{2: table("✖ m.cy.ts 4 2"), 3: table("✖ green.cy.ts 4 2")}
	assert.Equal(t, train.E2EReport{Tests: 5, Failed: 3, Specs: []train.FailingSpec{{Spec: "a.cy.ts", Test: "t"},
		{Spec: "m.cy.ts"}}}, g.reads(t))
	assert.Equal(t, []int64{2}, g.fetched)
}

func TestE2EArtifactsThatCannotBeReadAreLeftOut(t *testing.T) {
	broken := zipped(t, map[string]string{"results/1.xml": mocha("a.cy.ts", "!one")})
	copy(broken[40:], "broken, broken, broken")
	for name, raw := range map[string][]byte{
		"not a zip": []byte("no zip"), "empty": {}, "a broken file": broken,
		"too large": append(make([]byte, maxArchive), broken...),
		"a file that is too large": zipped(t,
			map[string]string{"results/1.xml": mocha("a.cy.ts", "!one") + strings.Repeat(" ", maxFile)}),
	} {
		g := e2eRun()
		g.artifacts[1], g.traces[1] = raw, table("✖ b.cy.ts 1 1")
		assert.Equal(t, []string{"b.cy.ts"}, specsOf(g.reads(t)), name)
	}
}

func TestE2EArtifactsAreReadUpToAMostOfFiles(t *testing.T) {
	files := map[string]string{}
	for i := range maxArchived + 1 {
		files[fmt.Sprintf("results/%d.xml", i)] = mocha(fmt.Sprintf("%d.cy.ts", i), "!one")
	}
	g := e2eRun()
	g.artifacts[1] = zipped(t, files)
	r := g.reads(t)
	assert.Equal(t, maxArchived, r.Failed)
	assert.Equal(t, maxArchived-specsShown, r.MoreSpecs)
}

func TestE2EPatternThatIsWrongFindsNothing(t *testing.T) {
	g := e2eRun()
	g.artifacts[1] = zipped(t, map[string]string{"a.xml": mocha("a.cy.ts", "!one")})
	found, err := g.read(t, train.ReadE2EReportInput{JUnit: "[.xml"})
	require.NoError(t, err)
	assert.Zero(t, found.Report)
}

func TestE2EReportThatGitLabDoesNotHaveIsReplacedButOneThatItCannotGiveNowIsAskedForAgain(t *testing.T) {
	g := e2eRun()
	g.traces[1] = table("✖ a.cy.ts 1 1")
	g.reportErr = &train.Fault{Kind: train.FaultNotFound}
	assert.Equal(t, []string{"a.cy.ts"}, specsOf(g.reads(t)))
	g.reportErr = errLost
	_, err := g.read(t, train.ReadE2EReportInput{})
	assert.Error(t, err)
}

func TestE2EReportStandsWithoutTraces(t *testing.T) {
	g := e2eRun(failedCase("x", "class"))
	g.traceErr = errLost
	assert.Equal(t, train.E2EReport{Tests: 1, Failed: 1, Specs: []train.FailingSpec{{Spec: "class", Test: "x"}}},
		g.reads(t))
}

func TestE2ERunIsThatOfTheNewestJobThatRecordedOne(t *testing.T) {
	g := e2eRun()
	g.jobs = []gitlab.Job{{ID: 3, Name: "report", Status: "success"}, {ID: 2, Name: "b", Status: "success"},
		{ID: 1, Name: "a", Status: "failed"}}
	g.traces = map[int64]string{
		2: "Recorded Run: https://cloud.cypress.io/projects/p1/runs/2",
		1: "Recorded Run: https://cloud.cypress.io/projects/p1/runs/1",
	}
	assert.Equal(t, "https://cloud.cypress.io/projects/p1/runs/2", g.reads(t).CypressURL)
}

func TestE2EFurtherSpecsAreCountedOnceEach(t *testing.T) {
	var cases []gitlab.TestCase
	for range 2 {
		for i := range specsShown + 2 {
			cases = append(cases, gitlab.TestCase{Status: "failed", Name: "t", File: fmt.Sprintf("%d.cy.ts", i)})
		}
	}
	r := e2eRun(cases...).reads(t)
	assert.Equal(t, 2*(specsShown+2), r.Failed)
	assert.Len(t, r.Specs, specsShown)
	assert.Equal(t, 2, r.MoreSpecs)
}

func TestE2ESpecFailedLatelyAsOftenAsItsWorstTest(t *testing.T) {
	r := e2eRun(
		gitlab.TestCase{Status: "failed", Name: "one", File: "a.cy.ts", Recent: 1},
		gitlab.TestCase{Status: "error", Name: "two", File: "a.cy.ts", Recent: 4},
		gitlab.TestCase{Status: "success", Name: "three", File: "a.cy.ts", Recent: 9},
		gitlab.TestCase{Status: "failed", Name: "four", File: "a.cy.ts"},
	).reads(t)
	assert.Equal(t, []train.FailingSpec{{Spec: "a.cy.ts", Test: "one", Recent: 4}}, r.Specs)
}

func TestE2EOwnersAreNamedByTheirGroupsOnceEach(t *testing.T) {
	g := e2eRun(gitlab.TestCase{Status: "failed", Name: "t", File: "cypress/e2e/pay/a.cy.ts"})
	g.files = map[string]string{"CODEOWNERS": "[Pay]\ncypress/e2e/pay/ @pay @stranger\n[QA]\n*.cy.ts @qa\n[Web]\n* @web\n"}
	found, err := g.read(t, train.ReadE2EReportInput{Groups: map[string]string{"@pay": "@oncall",
		"@qa": "@qa-team", "@web": "@oncall"}})
	require.NoError(t, err)
	assert.Equal(t, []train.FailingSpec{{
		Spec: "cypress/e2e/pay/a.cy.ts", Test: "t", Owners: []string{"@pay", "@stranger", "@qa", "@web"},
		Groups: []string{"@oncall", "@qa-team"},
	}}, found.Report.Specs)
}

func TestE2EOwnersOfAShortenedNameAreSoughtInCypressFolder(t *testing.T) {
	g := e2eRun()
	g.traces[1] = table("✖ pay/a.cy.ts 1 1", "✖ b.cy.ts 1 1", "✖ e2e/c.cy.ts 1 1")
	g.files = map[string]string{".gitlab/CODEOWNERS": "* @platform\n/cypress/e2e/pay/ @pay\n/e2e/ @other\n"}
	r := g.reads(t)
	require.Len(t, r.Specs, 3)
	assert.Equal(t, []string{"@pay"}, r.Specs[0].Owners)
	assert.Equal(t, []string{"@platform"}, r.Specs[1].Owners)
	assert.Equal(t, []string{"@other"}, r.Specs[2].Owners)
}

// cypressSamples is where recorded outputs of Cypress are kept, beside the repository.
func cypressSamples(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("RELEASE_TRAIN_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared")
	}
	if _, err := os.Stat(filepath.Join(dir, "contracts")); err != nil {
		t.Skip("shared contracts not found: " + dir)
	}
	return filepath.Join(dir, "contracts", "samples", "cypress")
}

func TestE2EReportOfEachRecordedTraceNamesItsSpecsAndRun(t *testing.T) {
	// Read by eye. The job is taken as failed even where the recorded one was not.
	truths := map[string]train.E2EReport{
		"gitlab_runner_18_11_ff_timestamps_failed.txt": {}, // it fails before any test
		"gitlab_trace_pass_cypress13.txt": {Tests: 1,
			CypressURL: "https://cloud.cypress.io/projects/pwxho8/runs/2"},
		"run_finished_wrapped_url_snapshot.txt": {CypressURL: "http://dashboard.cypress.io/this-is-a-" +
			strings.Repeat("long-", 50) + "url"},
		"trace_fail_cypress11_ansi.txt": {
			Tests: 1, Failed: 1, Specs: []train.FailingSpec{{Spec: "spec.cy.js"}},
			CypressURL: "https://dashboard.cypress.io/projects/wnkmbr/runs/3",
		},
	}
	files, err := filepath.Glob(filepath.Join(cypressSamples(t), "*.txt"))
	require.NoError(t, err)
	assert.Len(t, files, len(truths))
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		want, known := truths[filepath.Base(file)]
		require.True(t, known, "nobody has read %s by eye", file)
		g := e2eRun()
		g.traces[1] = string(raw)
		assert.Equal(t, want, g.reads(t), file)
	}
}

func TestE2EReportTakesTheSpecOfATestFromEachRecordedJUnitFile(t *testing.T) {
	truths := map[string]struct {
		test gitlab.TestCase
		spec string
	}{
		"junit_cypress_issue8237.xml": {
			failedCase("Editing my account Successfully updates my data", "Successfully updates my data"),
			"cypress/integration/editAccountSpec.ts",
		},
	}
	files, err := filepath.Glob(filepath.Join(cypressSamples(t), "*.xml"))
	require.NoError(t, err)
	assert.Len(t, files, len(truths))
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		truth, known := truths[filepath.Base(file)]
		require.True(t, known, "nobody has read %s by eye", file)
		archive := zipped(t, map[string]string{"results/" + filepath.Base(file): string(raw)})

		g := e2eRun(truth.test) // as GitLab tells it: without the file
		g.artifacts[1] = archive
		assert.Equal(t, train.E2EReport{Tests: 1, Failed: 1,
			Specs: []train.FailingSpec{{Spec: truth.spec, Test: truth.test.Name}}}, g.reads(t), file)

		alone := e2eRun()
		alone.artifacts[1] = archive
		assert.Equal(t, train.E2EReport{Tests: 1}, alone.reads(t), "recorded, no test failed")
	}
}
