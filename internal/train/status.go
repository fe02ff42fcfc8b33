package train

import (
	"fmt"
	"strings"
	"time"
)

// Status is the one answer to "what is going on?": the status query, the CLI,
// the Web UI and Slack all show it. PRODUCT.md section 6.
type Status struct {
	ID         string          `json:"id"`
	Train      string          `json:"train"`
	Day        Day             `json:"day"`
	Zone       string          `json:"zone"`
	Phase      Phase           `json:"phase"`
	End        End             `json:"end,omitempty"`
	EndWhy     string          `json:"endWhy,omitempty"`
	Candidate  Candidate       `json:"candidate,omitzero"`
	Deployed   RunningVersion  `json:"deployed,omitzero"`
	Warning    string          `json:"warning,omitempty"`
	Changelog  ChangelogDigest `json:"changelog,omitzero"`
	Staging    *Deploy         `json:"staging,omitempty"`
	E2E        *E2E            `json:"e2e,omitempty"`
	Production *Deploy         `json:"production,omitempty"`
	Holds      []Hold          `json:"holds,omitempty"`
	Waiting    Waiting         `json:"waiting"`
	Opens      time.Time       `json:"windowOpens"`
	Closes     time.Time       `json:"windowCloses"`
	// Commands would be accepted now.
	Commands []AcceptedCommand `json:"commands,omitempty"`
}

// AcceptedCommand is something a person can do now.
type AcceptedCommand struct {
	Name string `json:"name"`
	// Does says what would happen.
	Does string `json:"does"`
	// Line can be pasted into a terminal.
	Line string `json:"line"`
}

// Status is the answer for this state.
func (s *State) Status() Status {
	st := Status{
		ID: ReleaseID(s.Train.Name, s.Plan.Day), Train: s.Train.Name, Day: s.Plan.Day, Zone: s.Train.Zone,
		Phase: s.Phase, End: s.End, EndWhy: s.EndWhy, Candidate: s.Candidate, Deployed: s.Deployed, Warning: s.Warning,
		Changelog: s.Changelog, Staging: s.Staging, E2E: s.E2E, Production: s.Production, Holds: s.Holds,
		Waiting: s.Waiting, Opens: s.Plan.WindowOpens, Closes: s.Plan.WindowCloses,
	}
	if s.Phase != Ended {
		st.Commands = []AcceptedCommand{{
			Name: "cancel", Does: "ends the release",
			Line: "tctl workflow cancel --workflow_id " + st.ID,
		}}
	}
	return st
}

// Location is the zone in which the status writes times.
func (st Status) Location() *time.Location { return Train{Zone: st.Zone}.Location() }

// Headline is the status in one line.
func (st Status) Headline() string {
	switch {
	case st.End != "":
		return fmt.Sprintf("Release %s %s: %s", st.Train, st.Day, st.End)
	case st.Candidate.Tag != "":
		return fmt.Sprintf("Release %s %s: %s, %s", st.Train, st.Day, st.Candidate.Tag, st.Phase)
	default:
		return fmt.Sprintf("Release %s %s: %s", st.Train, st.Day, st.Phase)
	}
}

// WaitingLine says what is waited for, since when, and what happens next and when.
func (st Status) WaitingLine(m Markup) string {
	if st.End != "" {
		return strings.TrimSpace("Ended: " + m.Escape(st.EndWhy))
	}
	zone, w := st.Location(), st.Waiting
	line := fmt.Sprintf("Waiting for %s, since %s.", m.link(m.Escape(w.What), w.URL), When(w.Since, zone))
	if w.Next != "" {
		line += " Next: " + m.Escape(w.Next)
		if !w.NextAt.IsZero() {
			line += ", " + When(w.NextAt, zone)
		}
		line += "."
	}
	return line
}

// Text is the whole answer, one fact a line.
func (st Status) Text(m Markup) string {
	zone := st.Location()
	lines := []string{m.Bold(st.Headline()), st.WaitingLine(m)}
	add := func(label, value string) {
		if value != "" {
			lines = append(lines, label+": "+value)
		}
	}
	for _, h := range st.Holds {
		add("Hold "+m.Bold(string(h.Kind)), h.line(m, zone))
	}
	if st.Candidate.Tag != "" {
		add("Candidate", fmt.Sprintf("%s at %s, production ran %s", m.tag(st.Candidate.Tag, st.Candidate.URL), ShortSHA(st.Candidate.SHA), st.Deployed.Version))
	}
	add("Warning", m.Escape(st.Warning))
	add("Changelog", st.Changelog.line(m))
	add("Staging", st.Staging.line(m, zone))
	add("E2E", st.E2E.line(m, zone))
	add("Production", st.Production.line(m, zone))
	if st.End == "" {
		add("Window", fmt.Sprintf("%s to %s", When(st.Opens, zone), When(st.Closes, zone)))
	}
	for _, c := range st.Commands {
		add("You can "+m.Bold(c.Name)+" ("+c.Does+")", m.Code(c.Line))
	}
	return strings.Join(lines, m.Break)
}

func (h Hold) line(m Markup, zone *time.Location) string {
	s := m.Escape(h.Reason) + ", since " + When(h.Since, zone)
	if h.By != "" {
		s += ", by " + m.Escape(h.By)
	}
	if !h.Until.IsZero() {
		s += ", until " + When(h.Until, zone)
	}
	return s
}

func (c ChangelogDigest) line(m Markup) string {
	if c.URL == "" {
		return ""
	}
	s := fmt.Sprintf("%s since %s, %s, %s", m.Link(Plural(c.Commits, "commit"), c.URL), m.Escape(c.From), Plural(c.Requests, "merge request"), m.link("compare", c.CompareURL))
	if c.Fallback != "" {
		s += " (" + m.Escape(c.Fallback) + ")"
	}
	return s
}

func (d *Deploy) line(m Markup, zone *time.Location) string {
	if d == nil {
		return ""
	}
	tag := m.tag(d.Tag, d.LogURL())
	if d.Running() {
		return fmt.Sprintf("%s %s, since %s, limit %s", tag, d.Step.words(), When(d.StartedAt, zone), When(d.StepUntil, zone))
	}
	s := fmt.Sprintf("%s %s at %s after %s", tag, d.Outcome.words(), When(d.EndedAt, zone), Span(d.EndedAt.Sub(d.StartedAt)))
	if d.Cause != "" {
		s += ": " + m.Escape(d.Cause)
	}
	return s
}

func (s DeployStep) words() string {
	switch s {
	case DeployWaitsForPipeline:
		return "waits for the tag's pipeline to offer its deploy job"
	case DeployPlaysJob:
		return "is about to be played"
	case DeployRunsJob:
		return "is being deployed by its job"
	case DeployRollsOut:
		return "is being rolled out by Flux"
	case DeploySmokeTests:
		return "is being smoke-tested"
	case DeployDone:
		return "is done"
	}
	return "is starting"
}

func (o DeployOutcome) words() string {
	switch o {
	case DeploySucceeded:
		return "deployed and smoke-tested"
	case DeployHeld:
		return "not deployed: held"
	case DeployFailed:
		return "failed"
	case DeploySmokeRed:
		return "deployed, smoke tests red"
	case DeployUnknown:
		return "outcome unknown"
	}
	return "running"
}

func (e *E2E) line(m Markup, zone *time.Location) string {
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
	if e.Why != "" && e.State != E2EGreen {
		s += ": " + m.Escape(e.Why)
	}
	return s
}

// DeployDetails is what the Web UI shows of a running deploy.
func DeployDetails(d Deploy, in DeployInput) string {
	s := State{Train: Train{Name: in.Train}, Staging: &d, Production: &d}
	s.Train.Staging, s.Train.Production = in.Config, in.Config
	w := s.DeployWaiting(d.Environment)
	lines := []string{
		Markdown.Bold(fmt.Sprintf("Deploy %s to %s, attempt %d", d.Tag, d.Environment, d.Attempt)),
		fmt.Sprintf("Waiting for %s, at most until %s.", Markdown.link(Markdown.Escape(w.What), w.URL), When(d.StepUntil, time.UTC)),
		fmt.Sprintf("Before it ran %s. Started by %s.", Markdown.Code(d.Before.String()), Markdown.Code(in.ReleaseID)),
	}
	return strings.Join(lines, Markdown.Break)
}
