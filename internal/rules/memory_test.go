package rules

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/train"
)

var monday = time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)

func TestGitLabIsAskedForTheFreezePeriodThatTheHoldWants(t *testing.T) {
	later := monday.Add(4 * time.Hour)
	for name, tt := range map[string]struct {
		held   bool
		freeze *train.OwnFreeze
		want   FreezeCall
	}{
		"nothing":            {false, nil, FreezeSettled},
		"held, not made yet": {true, &train.OwnFreeze{Until: later}, FreezeCreated},
		"held, refused":      {true, &train.OwnFreeze{Until: later, Problem: "403"}, FreezeSettled},
		"held, no answer":    {true, &train.OwnFreeze{Until: later, Problem: "silent", Unknown: true}, FreezeCreated},
		"held, just tried":   {true, &train.OwnFreeze{Until: later, Unknown: true, TryAgainAt: later}, FreezeSettled},
		"held, made":         {true, &train.OwnFreeze{ID: 1, Until: later, Applied: later}, FreezeSettled},
		"held, another end":  {true, &train.OwnFreeze{ID: 1, Until: later, Applied: monday}, FreezeChanged},
		"held, ends soon": {true, &train.OwnFreeze{ID: 1, Until: monday.Add(RenewBefore),
			Applied: monday.Add(RenewBefore)}, FreezeChanged},
		"lifted":             {false, &train.OwnFreeze{ID: 1, Until: later, Applied: later}, FreezeDeleted},
		"lifted, refused":    {false, &train.OwnFreeze{ID: 1, Problem: "401", TryAgainAt: later}, FreezeSettled},
		"lifted, due again":  {false, &train.OwnFreeze{ID: 1, Problem: "401", TryAgainAt: monday}, FreezeDeleted},
		"lifted, never made": {false, &train.OwnFreeze{Until: later}, FreezeDropped},
		"lifted, perhaps":    {false, &train.OwnFreeze{Until: later, Unknown: true}, FreezeDeleted},
	} {
		m := train.Memory{Freeze: tt.freeze}
		if tt.held {
			m.Holds = []train.Hold{{Kind: train.HoldHotfix}}
		}
		assert.Equal(t, tt.want, NextFreezeCall(&m, monday), name)
	}
}

func TestAResumeMeansOnePersonsPausesOrAllAndNeverSomebodyElses(t *testing.T) {
	two := []train.Hold{{Kind: train.HoldPause, By: "ada", Reason: "checkout"}, {Kind: train.HoldHotfix, Reason: "x"},
		{Kind: train.HoldPause, By: "bob", Reason: "audit"}, {Kind: train.HoldPause, By: "ada", Reason: "prices"}}
	all := []string{"checkout", "x", "audit", "prices"}
	for name, tt := range map[string]struct {
		holds []train.Hold
		asked train.Command
		code  train.RefusalCode
		left  []string
	}{
		"none stands":           {two[1:2], train.Command{}, train.RefusedNotPaused, []string{"x"}},
		"the only one":          {two[:2], train.Command{}, "", []string{"x"}},
		"whose?":                {two, train.Command{}, train.RefusedSeveralPauses, all},
		"both of one":           {two[:1], train.Command{Of: "ada", All: true}, "", nil},
		"hers":                  {two, train.Command{Of: "@Ada"}, "", []string{"x", "audit"}},
		"of nobody":             {two, train.Command{Of: "grace"}, train.RefusedNotPausedBy, all},
		"all":                   {two, train.Command{All: true}, "", []string{"x"}},
		"the only one, by name": {two[:1], train.Command{Of: "bob"}, train.RefusedNotPausedBy, []string{"checkout"}},
	} {
		m := train.Memory{Holds: tt.holds}
		_, refusal := Remember(&m, train.Resume, tt.asked, monday, time.UTC)
		if tt.code == "" {
			require.Nil(t, refusal, name)
		} else {
			require.NotNil(t, refusal, name)
			assert.Equal(t, tt.code, refusal.Code, name)
		}
		var left []string
		for _, h := range m.Holds {
			left = append(left, h.Reason)
		}
		assert.Equal(t, tt.left, left, name)
	}
}

func TestPausesAreBoundedAndTheSameOneIsRememberedOnce(t *testing.T) {
	var m train.Memory
	for i := range pausesKept {
		_, refusal := Remember(&m, train.Pause, train.Command{By: "ada", Reason: fmt.Sprint(i)}, monday, time.UTC)
		require.Nil(t, refusal)
	}
	_, refusal := Remember(&m, train.Pause, train.Command{By: "ada", Reason: "one more"}, monday, time.UTC)
	require.NotNil(t, refusal)
	assert.Equal(t, train.RefusedTooManyPauses, refusal.Code)
	_, refusal = Remember(&m, train.Pause, train.Command{By: "ada", Reason: "7"}, monday.Add(time.Hour), time.UTC)
	require.Nil(t, refusal)
	require.Len(t, m.Holds, pausesKept)
	same := train.FindSameHold(m.Holds, train.Hold{Kind: train.HoldPause, By: "@Ada", Reason: "7"})
	require.NotNil(t, same)
	assert.Equal(t, monday, same.Since)
}

func TestOfSeveralPausesAReleaseNoticesWhichOneBeganOrEnded(t *testing.T) {
	ada := train.Hold{Kind: train.HoldPause, By: "ada", Reason: "checkout"}
	bob := train.Hold{Kind: train.HoldPause, By: "bob", Reason: "audit"}
	s := train.State{Memory: train.Memory{Revision: 1, Holds: []train.Hold{ada}}}
	c := TakeMemory(&s, train.Memory{Revision: 2, Holds: []train.Hold{ada, bob}}, monday, nil)
	assert.Equal(t, Change{Begun: []train.Hold{bob}}, c)
	c = TakeMemory(&s, train.Memory{Revision: 3, Holds: []train.Hold{bob}}, monday, nil)
	assert.Equal(t, Change{Ended: []train.Hold{ada}}, c)
}
