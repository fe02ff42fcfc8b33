package words

import (
	"fmt"
	"strings"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
)

// Because says why a failed deploy looks like what it looks like.
func Because(v rules.Verdict, e train.Evidence, d train.Deploy) string {
	means := strings.TrimSuffix(d.Cause, ".")
	logs := fmt.Sprintf("error logs did not rise (%d, before %d) and no monitor fires", e.Errors, e.Before)
	switch v.Basis {
	case rules.BasisSigns:
		return strings.Join(signs(e), " and ")
	case rules.BasisCause:
		return means
	case rules.BasisNoAnswer:
		return "Datadog did not tell"
	case rules.BasisCauseAndLogs:
		return means + ", and " + logs
	case rules.BasisOutcomeUnknown:
		return "the outcome is not known; " + logs
	case rules.BasisLogs:
		return logs
	}
	return ""
}

// signs are what speaks for a regression.
func signs(e train.Evidence) []string {
	var out []string
	if rules.ErrorsRose(e) {
		out = append(out, fmt.Sprintf("error logs rose from %d to %d", e.Before, e.Errors))
	}
	switch n := len(e.Monitors); {
	case n == 1:
		out = append(out, fmt.Sprintf("the monitor %s fires", e.Monitors[0].Text))
	case n > 1:
		out = append(out, fmt.Sprintf("%d monitors fire, the first is %s", n, e.Monitors[0].Text))
	}
	return out
}

// evidenceLine is the statement for people.
func evidenceLine(e train.Evidence) string {
	return fmt.Sprintf("It looks like %s, because %s.", e.Looks, e.Because)
}

// evidenceLines are the evidence in a few lines.
func evidenceLines(e *train.Evidence, m Markup) []string {
	if e == nil {
		return nil
	}
	out := []string{m.Bold(m.Escape(evidenceLine(*e)))}
	if e.Problem != "" {
		out = append(out, "Datadog did not tell: "+m.Escape(e.Problem))
	} else {
		out = append(out, fmt.Sprintf("Datadog: %s since it began, %d in as much time before.",
			m.link(Plural(e.Errors, "error log"), e.LogsURL), e.Before))
	}
	for _, s := range e.Samples {
		out = append(out, "• "+m.Code(m.Escape(s)))
	}
	if len(e.Monitors) > 0 {
		out = append(out, "Firing: "+joinLinks(m, e.Monitors))
	}
	if len(e.Events) > 0 {
		out = append(out, "Events: "+joinLinks(m, e.Events))
	}
	var links []string
	for _, l := range []train.Link{{Text: "error logs", URL: e.LogsURL}, {Text: "logs of this version", URL: e.VersionURL},
		{Text: "events", URL: e.EventsURL}} {
		if l.URL != "" {
			links = append(links, m.Link(l.Text, l.URL))
		}
	}
	if len(links) > 0 {
		out = append(out, "In Datadog: "+strings.Join(links, " · "))
	}
	return out
}

func joinLinks(m Markup, links []train.Link) string {
	var out []string
	for _, l := range links {
		out = append(out, m.link(m.Escape(l.Text), l.URL))
	}
	return strings.Join(out, ", ")
}
