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
	switch {
	case len(m.Holds) > 0:
		st.Waiting = train.Waiting{For: train.WaitPerson, What: "the hold " + kindNames(train.Kinds(m.Holds)) +
			" to be ended", Since: m.Holds[0].Since, Next: "the open release goes on, if there is one"}
	default:
		st.Waiting = train.Waiting{For: train.WaitNothing, What: "nothing; it ends when there is nothing to remember",
			Since: now}
	}
	for _, e := range rules.Commands() {
		if !e.OfTrain {
			continue
		}
		probe := e.ExampleCommand()
		if !probe.Day.IsZero() {
			probe.Day = calendar.DayOf(now.In(t.Location())).Add(1)
		}
		copied := *m
		if _, refusal := rules.Remember(&copied, e.Name, probe, now, t.Location()); refusal == nil {
			st.Commands = append(st.Commands, train.AcceptedCommand{Name: e.Name, Does: About(e.Name).Does,
				Line: commandLine(e.Name, t.Name, calendar.Day{}, probe)})
		}
	}
	return st
}

// TrainStatusText is the whole answer, one fact a line.
func TrainStatusText(st train.MemoryStatus, m Markup) string {
	zone := train.Train{Zone: st.Zone}.Location()
	lines := []string{m.Bold("Train " + st.Train)}
	for _, h := range st.Memory.Holds {
		lines = append(lines, "Hold "+m.Bold(string(h.Kind))+": "+holdLine(h, m, zone))
	}
	if f := st.Memory.Freeze; f != nil {
		lines = append(lines, "GitLab freeze: "+freezeLine(*f, m, zone))
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

func freezeLine(f train.OwnFreeze, m Markup, zone *time.Location) string {
	switch {
	case f.Problem != "":
		return "refused: " + m.Escape(f.Problem)
	case f.ID == 0:
		return "being created"
	}
	return fmt.Sprintf("period %d until %s, extended while the hold stands", f.ID, When(f.Until, zone))
}
