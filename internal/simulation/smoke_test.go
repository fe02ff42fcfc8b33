package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/train"
)

func TestTheSmokeJobThatCountsBeganAfterFluxWasReady(t *testing.T) {
	h, err := newHunt(0)
	require.NoError(t, err)
	h.train.Staging.Smoke = &train.Smoke{Job: "smoke-staging"}
	h.train.Production.Smoke = &train.Smoke{Job: "smoke-production"}
	d, err := runDay(h.train, h.adapters, plan{Gate: lookEvery, Tests: lookEvery})
	require.NoError(t, err)
	require.Nil(t, d.broken, d.text())
	assert.Contains(t, d.text(), "release-api-2026-11-24 ends as released")
	pipelines := d.sandbox.Pipelines(h.train.Project)
	jobs := pipelines[len(pipelines)-1].Jobs
	for _, env := range []train.Environment{h.train.Staging, h.train.Production} {
		var deployed time.Time
		var began []time.Time
		for _, j := range jobs {
			switch j.Name {
			case env.Job:
				deployed = j.EndedAt
			case env.Smoke.Job:
				began = append(began, j.StartedAt)
			}
		}
		ready := deployed.Add(3 * time.Minute)
		require.Len(t, began, 2, "the pipeline's own run, and one more")
		assert.Equal(t, deployed, began[0], "the pipeline starts it with the end of its job")
		assert.False(t, began[1].Before(ready), "%s began %s, Flux was ready %s", env.Smoke.Job, began[1], ready)
	}
}
