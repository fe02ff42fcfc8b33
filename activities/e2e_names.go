package activities

import (
	"cmp"
	"slices"
	"strings"

	"github.com/release-train/release-train/internal/cypress"
	"github.com/release-train/release-train/internal/gitlab"
)

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
