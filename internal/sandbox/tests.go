package sandbox

import (
	"context"
	"fmt"
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

const codeowners = `# Who owns which specs
* @maven/pods/platform

[Booking]
cypress/e2e/booking/ @maven/pods/booking

[Payments]
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
		if j.Status == "failed" && i < failing {
			c["status"] = "failed"
			c["system_output"] = "AssertionError: Timed out retrying after 4000ms: Expected to find element: `[data-cy=slot]`"
		}
		out = append(out, c)
	}
	return out
}

// cypressTable is how Cypress ends: the table of specs and the recorded run.
func cypressTable(j *job) []string {
	rule := strings.Repeat("─", 96)
	lines := []string{"  (Run Finished)", "", "       Spec                                              Tests  Passing  Failing  Pending  Skipped  ", "  ┌" + rule + "┐"}
	for i, s := range specs {
		mark, passing, fails := "✔", "1", "-"
		if j.Status == "failed" && i < failing {
			mark, passing, fails = "✖", "-", "1"
		}
		lines = append(lines, fmt.Sprintf("  │ %s  %-42s 00:04        1 %8s %8s        -        - │", mark, s.file, passing, fails))
	}
	return append(lines, "  └"+rule+"┘", "", "  Recorded Run: "+cypressURL(j), "")
}

func cypressURL(j *job) string {
	return fmt.Sprintf("https://cloud.cypress.io/projects/sndbx1/runs/%d", j.ID)
}
