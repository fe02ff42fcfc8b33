package activities

import (
	"cmp"
	"slices"

	"github.com/release-train/release-train/internal/cypress"
	"github.com/release-train/release-train/internal/gitlab"
	"github.com/release-train/release-train/internal/train"
)

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
		tests, failures := reportHas(report, job.name)
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
