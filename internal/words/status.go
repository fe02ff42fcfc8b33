package words

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
)

// ReleaseStatus is the answer for this state at an instant.
func ReleaseStatus(s *train.State, now time.Time) train.Status {
	st := train.Status{
		ID: train.ReleaseID(s.Train.Name, s.Plan.Day), Train: s.Train.Name, Day: s.Plan.Day, Zone: s.Train.Zone,
		Phase: s.Phase, End: s.End, EndWhy: s.EndWhy, Candidate: s.Candidate, Deployed: s.Deployed, Removed: s.Removed,
		Warning:   s.Warning,
		Changelog: s.Changelog, Staging: s.Staging, E2E: s.E2E, Production: s.Production,
		Approval: s.Approval, Promotion: s.Promotion,
		Holds: s.Standing(), HandMade: s.HandMade, Waiting: s.Waiting, Opens: s.Plan.WindowOpens,
		Closes: s.Plan.WindowCloses, Record: s.Record, Unconfirmed: s.Unconfirmed,
	}
	st.Commands = acceptedCommands(s, now)
	return st
}

// acceptedCommands are the commands that would be accepted now, each with a line
// that can be pasted.
func acceptedCommands(s *train.State, now time.Time) []train.AcceptedCommand {
	var out []train.AcceptedCommand
	for _, offer := range rules.AcceptedNow(s, now) {
		line := lineOf(s, offer.Name, offer.Command)
		if offer.AsksReason {
			line += reasonToFillIn
		}
		out = append(out, train.AcceptedCommand{Name: offer.Name, Does: About(offer.Name).Does, Line: line})
	}
	return out
}

// headline is the status in one line.
func headline(st train.Status) string {
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
func WaitingLine(st train.Status, m Markup) string {
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

// StatusText is the whole answer, one fact a line.
func StatusText(st train.Status, m Markup) string {
	zone := st.Location()
	lines := []string{m.Bold(headline(st)), WaitingLine(st, m)}
	add := func(label, value string) {
		if value != "" {
			lines = append(lines, label+": "+value)
		}
	}
	for _, h := range st.Holds {
		add("Hold "+m.Bold(string(h.Kind)), holdLine(h, m, zone))
	}
	if st.Candidate.Tag != "" {
		add("Candidate", fmt.Sprintf("%s at %s, production ran %s", m.tag(st.Candidate.Tag, st.Candidate.URL),
			train.ShortSHA(st.Candidate.SHA), st.Deployed.Version))
	}
	add("Takes out of production", removedLine(st.Removed, m))
	add("Warning", m.Escape(st.Warning))
	add("Changelog", changelogLine(st.Changelog, m))
	add("Staging", deployLine(st.Staging, m, zone))
	add("E2E", e2eLine(st.E2E, m, zone))
	add("Production", deployLine(st.Production, m, zone))
	if a := st.Approval; a != nil {
		add("Approval", fmt.Sprintf("%s despite E2E run %d (%s), by %s %s: %s", m.tag(a.Tag, ""), a.Run, a.State,
			m.Escape(a.By), When(a.At, zone), m.Escape(a.Reason)))
	}
	if p := st.Promotion; p != nil {
		add("Window skipped", fmt.Sprintf("until %s, by %s: %s", When(p.Until, zone), m.Escape(p.By), m.Escape(p.Reason)))
	}
	if len(st.HandMade) > 0 {
		add("Made by hand", fmt.Sprintf("%s; adopt with %s", strings.Join(st.HandMade, ", "),
			m.Code(adoptLine(st.Train, st.Day, st.HandMade[len(st.HandMade)-1]))))
	}
	if st.End == "" {
		add("Window", fmt.Sprintf("%s to %s", When(st.Opens, zone), When(st.Closes, zone)))
	}
	for _, c := range st.Commands {
		add("You can "+m.Bold(string(c.Name))+" ("+c.Does+")", m.Code(c.Line))
	}
	for _, d := range latest(st.Record, decisionsShown) {
		add("Decision", decisionLine(d, m, zone))
	}
	return strings.Join(lines, m.Break)
}

// decisionsShown is how many decisions the text shows.
const decisionsShown = 5

// latest are the last n decisions, newest first.
func latest(r train.Record, n int) []train.Decision {
	out := slices.Clone(r.Decisions)
	slices.Reverse(out)
	return out[:min(n, len(out))]
}

func decisionLine(d train.Decision, m Markup, zone *time.Location) string {
	verdict := "refused"
	if d.Accepted {
		verdict = "accepted"
	}
	s := fmt.Sprintf("%s %s %s, by %s (%s), %s", When(d.At, zone), m.Bold(string(d.Command)), verdict,
		m.Escape(cmp.Or(d.By, "nobody")), d.Identity, m.Escape(d.Sentence))
	if d.Reason != "" {
		s += " Reason: " + m.Escape(d.Reason)
	}
	return s
}
