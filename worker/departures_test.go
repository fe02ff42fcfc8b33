package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
)

// startDeparture starts a departure without waiting for it.
func (p *place) startDeparture(id string, day calendar.Day) client.WorkflowRun {
	p.t.Helper()
	run, err := p.client.ExecuteWorkflow(p.ctx, client.StartWorkflowOptions{ID: id, TaskQueue: train.TaskQueue},
		train.DepartureWorkflow, train.DepartureInput{Train: p.train.Name, By: "ada", Day: day,
			Rehearsal: calendar.Duration(long), Opens: calendar.Duration(long)})
	require.NoError(p.t, err)
	return run
}

func TestOfTwoDeparturesInTheSameMomentTheLaterDayGoesOn(t *testing.T) {
	p := newPlace(t)
	monday, tuesday := calendar.Day{Year: 2026, Month: 11, Day: 30}, calendar.Day{Year: 2026, Month: 12, Day: 1}
	var departures []client.WorkflowRun
	for id, day := range map[string]calendar.Day{"one": monday, "two": tuesday, "three": tuesday} {
		departures = append(departures, p.startDeparture(id, day))
	}
	p.startWorker() // all are there when it begins
	started := map[string]int{}
	refused := 0
	for _, d := range departures {
		var result train.DepartureResult
		require.NoError(t, d.Get(p.ctx, &result))
		if result.ReleaseID == "" {
			refused++
			assert.Contains(t, result.Sentence, train.ReleaseID(p.train.Name, tuesday))
			continue
		}
		started[result.ReleaseID]++
	}
	earlier, later := train.ReleaseID(p.train.Name, monday), train.ReleaseID(p.train.Name, tuesday)
	assert.Equal(t, map[string]int{earlier: 1, later: 1}, started)
	assert.Equal(t, 1, refused, "a day departs once")

	ended := p.summary(earlier)
	assert.Equal(t, train.EndSuperseded, ended.End)
	assert.Contains(t, ended.Why, later)
	p.until(later, "its candidate", func(st train.Status) bool { return st.Candidate.Tag != "" })
	assert.Empty(t, p.status(later).End)
}

func TestADepartureOfAnEarlierDayEndsItselfWhereALaterOneIsOpen(t *testing.T) {
	p := newPlace(t)
	p.startWorker()
	later := p.departOn(calendar.Day{Year: 2026, Month: 12, Day: 1}, long, long)
	p.until(later, "its candidate", func(st train.Status) bool { return st.Candidate.Tag != "" })
	earlier := p.departOn(calendar.Day{Year: 2026, Month: 11, Day: 30}, long, long)
	ended := p.summary(earlier)
	assert.Equal(t, train.EndSuperseded, ended.End)
	assert.Contains(t, ended.Why, later)
	assert.Empty(t, ended.Tag, "it has tagged nothing")
	assert.Empty(t, p.status(later).End)
}
