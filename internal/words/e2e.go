package words

import (
	"fmt"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
)

func e2eLine(e *train.E2E, m Markup, zone *time.Location) string {
	if e == nil {
		return ""
	}
	s := m.link(string(e.State), e.PipelineURL)
	if e.Report.Tests > 0 {
		s += fmt.Sprintf(", %s, %d failed", Plural(e.Report.Tests, "test"), e.Report.Failed)
	}
	if e.Report.CypressURL != "" {
		s += ", " + m.Link("Cypress run", e.Report.CypressURL)
	}
	if e.EndedAt.IsZero() {
		s += ", since " + When(e.StartedAt, zone)
	} else {
		s += ", ended " + When(e.EndedAt, zone)
	}
	if e.Why != "" && e.State != train.E2EGreen {
		s += ": " + m.Escape(e.Why)
	}
	return s
}

func specLine(f train.FailingSpec, m Markup) string {
	line := m.Code(m.Escape(f.Spec))
	if f.Test != "" {
		line += " " + m.Escape(f.Test)
	}
	switch {
	case len(f.Groups) > 0:
		line += ", owned by " + m.Escape(strings.Join(f.Groups, ", "))
	case len(f.Owners) > 0:
		line += ", owned by " + m.Escape(strings.Join(f.Owners, ", "))
	default:
		line += ", no owner in CODEOWNERS"
	}
	if f.Recent > 0 {
		line += fmt.Sprintf(", failed %s lately on the default branch", times(f.Recent))
	}
	return line
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// E2ECause says why E2E is not green; empty when it is.
func E2ECause(c rules.E2ECause) string {
	switch c.Code {
	case rules.E2EOtherVersion:
		return c.Detail
	case rules.E2EStillRunning:
		return "it had not ended when the window closed"
	case rules.E2ETestsFailed:
		return fmt.Sprintf("%s of %d failed", Plural(c.Failed, "test"), c.Tests)
	case rules.E2EPipelineFailed:
		return "no test failed, but the pipeline did"
	case rules.E2EReportedNoTests:
		return fmt.Sprintf("its pipeline ended %s and reported no tests", c.Detail)
	}
	return ""
}
