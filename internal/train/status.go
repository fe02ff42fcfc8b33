package train

import (
	"cmp"
	"fmt"
	"slices"
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
	Approval   *Approval       `json:"approval,omitempty"`
	Promotion  *Promotion      `json:"promotion,omitempty"`
	Holds      []Hold          `json:"holds,omitempty"`
	// HandMade are tags of the day that somebody made in GitLab.
	HandMade []string  `json:"handMade,omitempty"`
	Waiting  Waiting   `json:"waiting"`
	Opens    time.Time `json:"windowOpens"`
	Closes   time.Time `json:"windowCloses"`
	// Commands would be accepted now.
	Commands []AcceptedCommand `json:"commands,omitempty"`
	// Record are the latest decisions, oldest first.
	Record Record `json:"record,omitzero"`
}

// AcceptedCommand is something a person can do now.
type AcceptedCommand struct {
	Name CommandName `json:"name"`
	// Does says what would happen.
	Does string `json:"does"`
	// Line can be pasted into a terminal.
	Line string `json:"line"`
}

// Status is the answer for this state at an instant.
func (s *State) Status(now time.Time) Status {
	st := Status{
		ID: ReleaseID(s.Train.Name, s.Plan.Day), Train: s.Train.Name, Day: s.Plan.Day, Zone: s.Train.Zone,
		Phase: s.Phase, End: s.End, EndWhy: s.EndWhy, Candidate: s.Candidate, Deployed: s.Deployed, Warning: s.Warning,
		Changelog: s.Changelog, Staging: s.Staging, E2E: s.E2E, Production: s.Production, Approval: s.Approval, Promotion: s.Promotion,
		Holds: s.Standing(), HandMade: s.HandMade, Waiting: s.Waiting, Opens: s.Plan.WindowOpens, Closes: s.Plan.WindowCloses, Record: s.Record,
	}
	st.Commands = s.AcceptedNow(now)
	return st
}

// AcceptedNow are the commands that would be accepted now, each with a line that
// can be pasted.
func (s *State) AcceptedNow(now time.Time) []AcceptedCommand {
	var out []AcceptedCommand
	for _, e := range Commands {
		if e.Name == SkipDay || e.Name == AddDay {
			continue // they are about other days
		}
		for _, probe := range s.probes(e, now) {
			if s.allows(e.Name, probe, now) {
				line := e.line(s.Train.Name, s.Plan.Day, probe)
				if bare := probe; !e.Why {
					if bare.Reason = ""; !s.allows(e.Name, bare, now) { // e.g. after a rollback
						line += ` --reason "…"`
					}
				}
				out = append(out, AcceptedCommand{Name: e.Name, Does: e.Does, Line: line})
			}
		}
	}
	return out
}

// allows is Check without the question who asks.
func (s *State) allows(name CommandName, c Command, now time.Time) bool {
	open := *s
	open.Train.Policy = Policy{}
	return open.Check(name, c, now) == ""
}

// probes are inputs of a command that would fit the state.
func (s *State) probes(e Entry, now time.Time) []Command {
	c := Command{By: "you", Reason: "why"}
	switch e.Name { //nolint:exhaustive // others need no more
	case ApproveDespiteE2E:
		c.Tag = s.Candidate.Tag
	case RetryDeploy, Rollback:
		staging, production := c, c
		staging.Environment, production.Environment = Staging, Production
		return []Command{staging, production}
	case Cancel:
		if s.Production.Running() {
			force := c
			force.Force = true
			return []Command{c, force}
		}
	case Acknowledge:
		late, drift := c, c
		late.Hold, drift.Hold = HoldLate, HoldDrift
		return []Command{late, drift}
	case RegenerateChangelog:
		c.PreviousTag = cmp.Or(s.Deployed.Version.Tag, "<tag>")
	case MoveProduction:
		at, next := s.Plan.WindowOpens.Add(time.Hour), s.Plan.NextCutAt
		if !at.After(now) {
			at = now.Add(time.Hour)
		}
		if !next.IsZero() && !at.Before(next) {
			at = now.Add(next.Sub(now) / 2)
		}
		if at = at.Truncate(time.Second); !at.After(now) {
			return nil // too late to move it anywhere
		}
		c.At = at.In(s.Train.Location()).Format(time.RFC3339)
	}
	return []Command{c}
}

// line is the command as it is typed; what a person has to fill in is obvious.
func (e Entry) line(name string, day Day, c Command) string {
	line := "starter " + string(e.Name) + " --train " + name
	if !day.IsZero() && !e.OfTrain {
		line += " --day " + day.String()
	}
	values := c.values()
	for _, field := range e.Fields {
		required := slices.Contains(e.Required, field)
		if field == "force" && values[field] != "" {
			line += " --force"
		} else if v := values[field]; v != "" && (required || field == "tag") {
			line += " --" + FlagName(field) + " " + shellWord(v)
		}
	}
	if e.Why {
		line += ` --reason "…"`
	}
	return line
}

// FlagName is a field of a command as the CLI spells it: previousTag is --previous-tag.
func FlagName(field string) string {
	var out strings.Builder
	for _, r := range field {
		if r >= 'A' && r <= 'Z' {
			out.WriteByte('-')
			r += 'a' - 'A'
		}
		out.WriteRune(r)
	}
	return out.String()
}

// shellWord quotes what a shell would not take as one word.
func shellWord(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._:+-@") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
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
	if a := st.Approval; a != nil {
		add("Approval", fmt.Sprintf("%s despite E2E run %d (%s), by %s %s: %s", m.tag(a.Tag, ""), a.Run, a.State, m.Escape(a.By), When(a.At, zone), m.Escape(a.Reason)))
	}
	if p := st.Promotion; p != nil {
		add("Window skipped", fmt.Sprintf("until %s, by %s: %s", When(p.Until, zone), m.Escape(p.By), m.Escape(p.Reason)))
	}
	if len(st.HandMade) > 0 {
		add("Made by hand", fmt.Sprintf("%s; adopt with %s", strings.Join(st.HandMade, ", "), m.Code(adoptLine(st.Train, st.Day, st.HandMade[len(st.HandMade)-1]))))
	}
	if st.End == "" {
		add("Window", fmt.Sprintf("%s to %s", When(st.Opens, zone), When(st.Closes, zone)))
	}
	for _, c := range st.Commands {
		add("You can "+m.Bold(string(c.Name))+" ("+c.Does+")", m.Code(c.Line))
	}
	for _, d := range st.Record.latest(decisionsShown) {
		add("Decision", d.line(m, zone))
	}
	return strings.Join(lines, m.Break)
}

// decisionsShown is how many decisions the text shows.
const decisionsShown = 5

// latest are the last n decisions, newest first.
func (r Record) latest(n int) []Decision {
	out := slices.Clone(r.Decisions)
	slices.Reverse(out)
	return out[:min(n, len(out))]
}

func (d Decision) line(m Markup, zone *time.Location) string {
	verdict := "refused"
	if d.Accepted {
		verdict = "accepted"
	}
	s := fmt.Sprintf("%s %s %s, by %s (%s), %s", When(d.At, zone), m.Bold(string(d.Command)), verdict, m.Escape(cmp.Or(d.By, "nobody")), d.Identity, m.Escape(d.Sentence))
	if d.Reason != "" {
		s += " Reason: " + m.Escape(d.Reason)
	}
	return s
}

func adoptLine(name string, day Day, tag string) string {
	e, _ := Commands.Find(CutTag)
	return e.line(name, day, Command{Tag: tag})
}

func (h Hold) line(m Markup, zone *time.Location) string {
	s := m.link(m.Escape(h.Reason), h.Link) + ", since " + When(h.Since, zone)
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
	if d.Rollback != nil {
		s += ". " + d.Rollback.Line(m)
	}
	if d.Evidence != nil {
		s += ". " + m.Escape(d.Evidence.line())
	}
	return s
}

// Line says how a rollback stands.
func (r *RolledBack) Line(m Markup) string {
	to := m.tag(r.To.String(), r.JobURL)
	why := ""
	if r.Cause != "" {
		why = ": " + m.Escape(r.Cause)
	}
	switch r.Outcome {
	case "":
		return fmt.Sprintf("Rolling back to %s", to)
	case RollbackSucceeded:
		return fmt.Sprintf("Rolled back to %s (%s), smoke tests green", to, r.Way.words())
	case RollbackSmokeRed:
		return fmt.Sprintf("Rolled back to %s (%s), but its smoke tests are red too%s", to, r.Way.words(), why)
	case RollbackNone:
		return "Not rolled back" + why
	case RollbackFailed:
		return fmt.Sprintf("The rollback to %s failed%s", to, why)
	case RollbackUnknown:
		return fmt.Sprintf("It is not known whether %s is back%s", to, why)
	}
	return ""
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
	case DeployRollsBack:
		return "is being rolled back"
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
	case DeployRolledBack:
		return "rolled back"
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
