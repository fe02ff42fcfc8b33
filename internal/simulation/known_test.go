package main

import (
	"cmp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTheSimulationSeesKnownFaults plays the days on which today's code breaks a
// promise, as FIELD.md section 1 tells them. Whoever mends one of them makes its
// day one that holds: breaks becomes empty.
func TestTheSimulationSeesKnownFaults(t *testing.T) {
	const hour, minute, second = time.Hour, time.Minute, time.Second
	for _, c := range []struct {
		name    string
		breaks  string
		gate    time.Duration
		actions []action
		faults  []fault
	}{
		{
			name: "C1, pause and resume at the gate do not spin", gate: minute,
			actions: []action{{Kind: "pause", After: atGate, Undo: minute}},
		},
		{
			name: "C2, a refused resume to the train does not spin", gate: minute,
			actions: []action{{Kind: "resume", After: atGate, Train: true}},
		},
		{
			name: "C4, E2E is void again and again", breaks: "",
			actions: []action{{Kind: "staging runs another", After: atE2E}, {Kind: "suspended staging", After: atAction}},
		},
		{
			name: "C5, a run of another candidate is forgotten", breaks: "",
			actions: []action{{Kind: "cut-tag", After: atFault, Delay: 2 * second, Update: true}},
			faults:  []fault{{Step: "StartE2E", Kind: faultLostAnswer, Then: 5}},
		},
		{
			name: "C8, a pause that the train does not know vanishes", breaks: "",
			actions: []action{{Kind: "pause", After: atGate}, {Kind: "hand-made tag", After: atAction, Delay: 20 * minute}},
			faults:  []fault{{Step: "AskTrain", Kind: faultUnavailable, Lasts: 24 * hour}},
		},
		{
			name: "C9, a freeze that GitLab did not delete is deleted later",
			actions: []action{
				{Kind: "cancel", After: atGate},
				{Kind: "hotfix-freeze", After: atAction, Delay: minute, Undo: hour, Train: true},
			},
			faults: []fault{{Step: "DeleteFreeze", Kind: faultUnauthorized}},
		},
		{
			name: "C10, a rollback swallows a cut-tag", breaks: "",
			actions: []action{
				{Kind: "pause", After: atGate, Undo: 20 * minute}, {Kind: "cut-tag", After: atAction, Delay: minute},
				{Kind: "rollback staging", After: atAction, Delay: minute},
			},
		},
		{
			name: "C12, what is acknowledged does not run",
			actions: []action{
				{Kind: "hotfix in production", After: atWindow}, {Kind: "acknowledge drift", After: atAction, Delay: minute},
			},
		},
		{
			name: "C13, one refusal of the changelog is a dead end", breaks: "",
			faults: []fault{{Step: "PublishChangelog", Kind: faultForbidden}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, err := newHunt(0)
			require.NoError(t, err)
			d, err := runDay(
				h.train,
				h.adapters,
				plan{Gate: cmp.Or(c.gate, 10*minute), Tests: 30 * minute, Actions: c.actions, Faults: c.faults},
			)
			require.NoError(t, err)
			if c.breaks == "" {
				require.Nil(t, d.broken, d.text())
				return
			}
			require.NotNil(t, d.broken, d.text())
			require.Equal(t, c.breaks, d.broken.kind(), d.text())
		})
	}
}
