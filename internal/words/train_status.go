package words

import (
	"fmt"
	"strings"
	"time"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
)

// TrainStatus is the answer of a train.
func TrainStatus(m *train.Memory, t train.Train, record train.Record, now time.Time) train.MemoryStatus {
	st := train.MemoryStatus{ID: train.MemoryID(t.Name), Train: t.Name, Zone: t.Zone, Memory: *m, Record: record}
	switch f := m.Freeze; {
	case len(m.Holds) > 0:
		st.Waiting = train.Waiting{For: train.WaitPerson, What: "the hold " + kindNames(train.Kinds(m.Holds)) +
			" to be ended", Since: m.Holds[0].Since, Next: "the open release goes on, if there is one"}
	case f != nil:
		st.Waiting = train.Waiting{For: train.WaitTime, What: "GitLab to delete our freeze period", Since: now,
			Next: "GitLab is asked again", NextAt: f.TryAgainAt}
	default:
		st.Waiting = train.Waiting{For: train.WaitNothing, What: "nothing; it takes commands as long as the train is " +
			"configured", Since: now}
	}
	for _, offer := range rules.AcceptedByTrain(m, now, t.Location()) {
		st.Commands = append(st.Commands, train.AcceptedCommand{Name: offer.Name, Does: About(offer.Name).Does,
			Line: commandLine(offer.Name, t.Name, calendar.Day{}, offer.Command)})
	}
	return st
}

// TrainStatusText is the whole answer, one fact a line.
func TrainStatusText(st train.MemoryStatus, m Markup) string {
	zone := train.Train{Zone: st.Zone}.Location()
	lines := []string{m.Bold("Train " + st.Train)}
	for _, h := range st.Memory.Holds {
		line := "Hold " + m.Bold(string(h.Kind)) + ": " + holdLine(h, m, zone)
		if h.Kind == train.HoldPause {
			line += ". To end it: " + m.Code(resumeLine(st.Train, st.Memory.Holds, h))
		}
		lines = append(lines, line)
	}
	if f := st.Memory.Freeze; f != nil {
		lines = append(lines, "GitLab freeze: "+freezeLine(*f, st.Memory.Holding(train.HoldHotfix), m, zone))
	}
	for _, d := range st.Memory.Skipped {
		lines = append(lines, fmt.Sprintf("Skipped: %s %s", d.Day, m.Escape(rules.ChangeName(d))))
	}
	for _, d := range st.Memory.Added {
		lines = append(lines, fmt.Sprintf("Added: %s %s", d.Day, m.Escape(rules.ChangeName(d))))
	}
	if len(lines) == 1 {
		lines = append(lines, "Nothing is remembered.")
	}
	return strings.Join(lines, m.Break)
}

func freezeLine(f train.OwnFreeze, held bool, m Markup, zone *time.Location) string {
	switch {
	case f.Problem != "" && held:
		return "refused: " + m.Escape(f.Problem)
	case f.Problem != "":
		line := fmt.Sprintf("%s still stands in GitLab: %s", ourFreeze(f), m.Escape(fullStop(f.Problem)))
		if !f.TryAgainAt.IsZero() {
			line += " Its deletion is tried again " + When(f.TryAgainAt, zone) + ", and at once by lift-hotfix-freeze."
		}
		return line
	case !held:
		return ourFreeze(f) + " is being deleted"
	case f.ID == 0:
		return "being created"
	}
	return fmt.Sprintf("period %d until %s, extended while the hold stands", f.ID, When(f.Applied, zone))
}

// resumeLine ends one pause; where several stand it says whose.
func resumeLine(of string, holds []train.Hold, h train.Hold) string {
	c := train.Command{}
	if len(train.HoldsOf(holds, train.HoldPause)) > 1 {
		c.Of, c.All = h.By, h.By == ""
	}
	return commandLine(train.Resume, of, calendar.Day{}, c)
}
