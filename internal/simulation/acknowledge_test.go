package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/train"
)

// dayOfHotfix is a day on which production gets a hotfix that the candidate lacks,
// and a person acknowledges that in a minute.
func dayOfHotfix(t *testing.T, faults ...fault) *day {
	t.Helper()
	h, err := newHunt(0)
	require.NoError(t, err)
	d, err := runDay(h.train, h.adapters, plan{Gate: time.Minute, Tests: lookEvery, Faults: faults, Actions: []action{
		{Kind: "hotfix in production", After: atGate},
		{Kind: "acknowledge drift", After: atAction, Delay: 20 * time.Minute, Update: true},
	}})
	require.NoError(t, err)
	require.Nil(t, d.broken, d.text())
	return d
}

// lines are those of the transcript that hold a text.
func (d *day) lines(part string) (out []line) {
	for _, l := range d.transcript {
		if strings.Contains(l.text, part) {
			out = append(out, l)
		}
	}
	return out
}

func TestAnAcknowledgedHotfixIsTakenOutOfProductionByItsNumberAndNamed(t *testing.T) {
	d := dayOfHotfix(t)
	accepted := d.lines("acknowledge is accepted")
	require.Len(t, accepted, 1, d.text())
	assert.Contains(t, accepted[0].text, "counts as what production runs")
	assert.Contains(t, accepted[0].text, "takes out of production 1 commit (")
	assert.Equal(t, 1, d.status.Removed.Count)
	assert.Contains(t, d.text(), "release-api-2026-11-24 ends as released")
	releases := d.sandbox.Releases(d.train.Project)
	last := releases[len(releases)-1]
	assert.Equal(t, d.status.Candidate.Tag, last.Tag)
	assert.Contains(t, last.Description, "### No longer in production\n\n- "+d.status.Removed.Titles[0])
}

func TestAnAcknowledgementIsAnsweredWithinTenSecondsWhenNobodyAnswersIt(t *testing.T) {
	for _, kind := range []faultKind{faultSilent, faultSlow, faultUnavailable, faultKilledBefore} {
		t.Run(string(kind), func(t *testing.T) {
			d := dayOfHotfix(t, fault{Step: "ReadDrift", Kind: kind, Then: 5})
			sent, refused := d.lines("acknowledge to release"), d.lines("acknowledge is refused")
			require.Len(t, refused, 1, d.text())
			assert.Contains(t, refused[0].text, "so nothing was accepted")
			require.NotEmpty(t, sent, d.text())
			assert.LessOrEqual(t, refused[0].at.Sub(sent[0].at), 10*time.Second)
		})
	}
}

func TestTheHoldComesBackWhenSomethingElseIsDeployedAfterTheAcknowledgement(t *testing.T) {
	h, err := newHunt(0)
	require.NoError(t, err)
	d, err := runDay(h.train, h.adapters, plan{Gate: time.Minute, Tests: lookEvery, Actions: []action{
		{Kind: "hotfix in production", After: atGate},
		{Kind: "acknowledge drift", After: atAction, Delay: 20 * time.Minute, Update: true},
		{Kind: "hotfix in production", After: atAction, Delay: 20 * time.Minute},
	}})
	require.NoError(t, err)
	require.Nil(t, d.broken, d.text())
	require.Len(t, d.lines("acknowledge is accepted"), 1, d.text())
	assert.NotNil(t, train.FindHold(d.status.Holds, train.HoldDrift))
	assert.Contains(t, d.text(), "release-api-2026-11-24 ends as missed")
}
