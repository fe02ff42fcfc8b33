package train

import (
	"fmt"
	"strings"
	"time"
)

// TrainStatus is the answer of a train.
func TrainStatus(m *Memory, t Train, record Record, now time.Time) MemoryStatus {
	st := MemoryStatus{ID: MemoryID(t.Name), Train: t.Name, Zone: t.Zone, Memory: *m, Record: record}
	switch {
	case len(m.Holds) > 0:
		st.Waiting = Waiting{For: WaitPerson, What: "the hold " + kindNames(Kinds(m.Holds)) + " to be ended", Since: m.Holds[0].Since, Next: "the open release goes on, if there is one"}
	default:
		st.Waiting = Waiting{For: WaitNothing, What: "nothing; it ends when there is nothing to remember", Since: now}
	}
	for _, e := range Commands() {
		if !e.OfTrain {
			continue
		}
		probe := e.ExampleCommand()
		if !probe.Day.IsZero() {
			probe.Day = DayOf(now.In(t.Location())).Add(1)
		}
		copied := *m
		if _, refusal := Remember(&copied, e.Name, probe, now, t.Location()); refusal == nil {
			st.Commands = append(st.Commands, AcceptedCommand{Name: e.Name, Does: About(e.Name).Does, Line: CommandLine(e.Name, t.Name, Day{}, probe)})
		}
	}
	return st
}

// TrainStatusText is the whole answer, one fact a line.
func TrainStatusText(st MemoryStatus, m Markup) string {
	zone := Train{Zone: st.Zone}.Location()
	lines := []string{m.Bold("Train " + st.Train)}
	for _, h := range st.Memory.Holds {
		lines = append(lines, "Hold "+m.Bold(string(h.Kind))+": "+holdLine(h, m, zone))
	}
	if f := st.Memory.Freeze; f != nil {
		lines = append(lines, "GitLab freeze: "+freezeLine(*f, m, zone))
	}
	for _, d := range st.Memory.Skipped {
		lines = append(lines, fmt.Sprintf("Skipped: %s %s", d.Day, m.Escape(ChangeName(d))))
	}
	for _, d := range st.Memory.Added {
		lines = append(lines, fmt.Sprintf("Added: %s %s", d.Day, m.Escape(ChangeName(d))))
	}
	if len(lines) == 1 {
		lines = append(lines, "Nothing is remembered.")
	}
	return strings.Join(lines, m.Break)
}

func freezeLine(f OwnFreeze, m Markup, zone *time.Location) string {
	switch {
	case f.Problem != "":
		return "refused: " + m.Escape(f.Problem)
	case f.ID == 0:
		return "being created"
	}
	return fmt.Sprintf("period %d until %s, extended while the hold stands", f.ID, When(f.Until, zone))
}
