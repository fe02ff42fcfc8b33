package train

import (
	"fmt"
	"strings"
	"time"
)

// MemoryStatus is what a train answers to the status query.
type MemoryStatus struct {
	ID     string `json:"id"`
	Train  string `json:"train"`
	Zone   string `json:"zone"`
	Memory Memory `json:"memory"`
	// Waiting is what the train waits for.
	Waiting Waiting `json:"waiting"`
	// Commands would be accepted now.
	Commands []AcceptedCommand `json:"commands,omitempty"`
	Record   Record            `json:"record,omitzero"`
}

// Status is the answer of a train.
func (m *Memory) Status(t Train, record Record, now time.Time) MemoryStatus {
	st := MemoryStatus{ID: MemoryID(t.Name), Train: t.Name, Zone: t.Zone, Memory: *m, Record: record}
	switch {
	case len(m.Holds) > 0:
		st.Waiting = Waiting{For: WaitPerson, What: "the hold " + holdNames(m.Holds) + " to be ended", Since: m.Holds[0].Since, Next: "the open release goes on, if there is one"}
	default:
		st.Waiting = Waiting{For: WaitNothing, What: "nothing; it ends when there is nothing to remember", Since: now}
	}
	for _, e := range Commands {
		if !e.OfTrain {
			continue
		}
		probe := e.ExampleCommand()
		if !probe.Day.IsZero() {
			probe.Day = DayOf(now.In(t.Location())).Add(1)
		}
		copied := *m
		if _, refusal := copied.Remember(e.Name, probe, now, t.Location()); refusal == "" {
			st.Commands = append(st.Commands, AcceptedCommand{Name: e.Name, Does: e.Does, Line: e.line(t.Name, Day{}, probe)})
		}
	}
	return st
}

// Text is the whole answer, one fact a line.
func (st MemoryStatus) Text(m Markup) string {
	zone := Train{Zone: st.Zone}.Location()
	lines := []string{m.Bold("Train " + st.Train)}
	for _, h := range st.Memory.Holds {
		lines = append(lines, "Hold "+m.Bold(string(h.Kind))+": "+h.line(m, zone))
	}
	if f := st.Memory.Freeze; f != nil {
		lines = append(lines, "GitLab freeze: "+f.line(m, zone))
	}
	for _, d := range st.Memory.Skipped {
		lines = append(lines, fmt.Sprintf("Skipped: %s %s", d.Day, m.Escape(d.words())))
	}
	for _, d := range st.Memory.Added {
		lines = append(lines, fmt.Sprintf("Added: %s %s", d.Day, m.Escape(d.words())))
	}
	if len(lines) == 1 {
		lines = append(lines, "Nothing is remembered.")
	}
	return strings.Join(lines, m.Break)
}

func (f OwnFreeze) line(m Markup, zone *time.Location) string {
	switch {
	case f.Problem != "":
		return "refused: " + m.Escape(f.Problem)
	case f.ID == 0:
		return "being created"
	}
	return fmt.Sprintf("period %d until %s, extended while the hold stands", f.ID, When(f.Until, zone))
}
