package sandbox

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
)

// background is for git calls that belong to no request.
var background = context.Background()

const (
	botName = "release-bot"
	// testCommit is the head of the test projects, which have no repository of their own.
	testCommit = "7f3c2a9d5e8b1f604c6d7a8e9b0c1d2e3f405162"
)

// spec is an end-to-end spec of the sandbox's test project.
type spec struct{ file, suite, test string }

var specs = []spec{
	{"cypress/e2e/booking/calendar.cy.ts", "Booking calendar", "shows the next free slot"},
	{"cypress/e2e/checkout/payment.cy.ts", "Payment", "pays with a saved card"},
	{"cypress/e2e/login/login.cy.ts", "Login", "logs in with a password"},
	{"cypress/e2e/messages/inbox.cy.ts", "Inbox", "marks a message as read"},
}

// failing are the specs that fail when a run is red.
const failing = 2

const assertion = "AssertionError: Timed out retrying after 4000ms: Expected to find element: `[data-cy=slot]`"

// fails says whether a spec fails in a job.
func (j *job) fails(spec int) bool { return j.Status == "failed" && spec < failing }

// tested says whether a job ran its tests to their end.
func (j *job) tested() bool {
	return j.Kind != "" && !j.EndedAt.IsZero() && j.Reason != "runner_system_failure"
}

const codeowners = `# Who owns which specs
[Specs] @maven/pods/platform
*
cypress/e2e/booking/ @maven/pods/booking
cypress/e2e/checkout/ @maven/pods/payments
`

// testCases are the tests of a job as GitLab reports them. Like Cypress' own
// reporter, it leaves the file out.
func testCases(j *job) []map[string]any {
	var out []map[string]any
	for i, s := range specs {
		c := map[string]any{
			"status": "success", "name": s.suite + " " + s.test, "classname": s.file, "file": nil, "execution_time": 2,
			"system_output": nil, "stack_trace": nil, "recent_failures": nil, "attachment_url": nil,
		}
		if j.fails(i) {
			c["status"] = "failed"
			c["system_output"] = assertion
		}
		if j.fails(i) && i == 0 {
			c["recent_failures"] = map[string]any{"count": 3, "base_branch": mainBranch}
		}
		out = append(out, c)
	}
	return out
}

// junitFile is a spec's report as mocha-junit-reporter writes it: the file stands
// only on the empty Root Suite.
const junitFile = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="Mocha Tests" time="2.0000" tests="1" failures="%[1]d">
  <testsuite name="Root Suite" timestamp="2026-11-24T01:00:00" tests="0" file="%[2]s" time="0.0000" failures="0">
  </testsuite>
  <testsuite name="%[3]s" timestamp="2026-11-24T01:00:00" tests="1" time="2.0000" failures="%[1]d">
    <testcase name="%[3]s %[4]s" time="2.0000" classname="%[2]s">%[5]s
    </testcase>
  </testsuite>
</testsuites>
`

// artifacts answers the archive of a job's artifacts: a JUnit file for each spec.
func (g *gitlab) artifacts(w http.ResponseWriter, _ *http.Request, j *job) {
	if j.Kind != "e2e" || !j.tested() {
		refuse(w, http.StatusNotFound, "404 Not Found")
		return
	}
	raw, err := junitArchive(j)
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/zip")
	_, _ = w.Write(raw)
}

func junitArchive(j *job) ([]byte, error) {
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for i, s := range specs {
		w, err := archive.Create(fmt.Sprintf("results/junit-%d.xml", i+1))
		if err != nil {
			return nil, err
		}
		failures, why := 0, ""
		if j.fails(i) {
			failures, why = 1, fmt.Sprintf("\n      <failure message=\"%[1]s\" "+
				"type=\"AssertionError\"><![CDATA[%[1]s]]></failure>", assertion)
		}
		if _, err := fmt.Fprintf(w, junitFile, failures, s.file, s.suite, s.test, why); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// cypressTable is how Cypress ends: the table of specs and the recorded run. A
// job that never ran its tests has none.
func cypressTable(j *job) []string {
	if !j.tested() {
		return nil
	}
	rule := strings.Repeat("─", 96)
	lines := []string{"  (Run Finished)", "",
		"       Spec                                              Tests  Passing  Failing  Pending  Skipped  ",
		"  ┌" + rule + "┐"}
	for i, s := range specs {
		mark, passing, fails := "✔", "1", "-"
		if j.fails(i) {
			mark, passing, fails = "✖", "-", "1"
		}
		lines = append(lines, fmt.Sprintf("  │ %s  %-42s 00:04        1 %8s %8s        -        - │",
			mark, s.file, passing, fails))
	}
	return append(lines, "  └"+rule+"┘", "", "  Recorded Run: "+cypressURL(j), "")
}

func cypressURL(j *job) string {
	return fmt.Sprintf("https://cloud.cypress.io/projects/sndbx1/runs/%d", j.ID)
}
