package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/sandbox"
	"github.com/release-train/release-train/internal/train"
)

// departAgain starts the day of a release that has ended once more.
func (p *place) departAgain(opens time.Duration) {
	p.t.Helper()
	run, err := p.client.ExecuteWorkflow(p.ctx, client.StartWorkflowOptions{ID: "departure", TaskQueue: train.TaskQueue},
		train.DepartureWorkflow, train.DepartureInput{Train: p.train.Name, By: "ada", Again: true,
			Rehearsal: calendar.Duration(long), Opens: calendar.Duration(opens)})
	require.NoError(p.t, err)
	var d train.DepartureResult
	require.NoError(p.t, run.Get(p.ctx, &d))
	require.NotEmpty(p.t, d.ReleaseID, d.Sentence)
}

func TestAReleaseThatStartsAgainWhileSlackIsDownLosesNoMessage(t *testing.T) {
	p := newPlace(t)
	p.sandbox.AddFault(sandbox.Fault{System: "slack", Status: 503, Times: 1 << 20})
	p.startWorker()
	id := p.depart(long)
	p.until(id, "its candidate", func(st train.Status) bool { return st.Candidate.Tag != "" })
	require.NoError(t, p.client.SignalWorkflow(p.ctx, id, "", string(train.Cancel),
		train.Command{By: "ada", Reason: "no"}))
	var first, next train.Summary
	require.NoError(t, p.client.GetWorkflow(p.ctx, id, "").Get(p.ctx, &first))
	require.Equal(t, train.EndCancelled, first.End)

	p.departAgain(long)
	p.until(id, "its candidate", func(st train.Status) bool { return st.Candidate.Tag != "" })
	p.sandbox.ClearFaults()
	coordination := p.train.Slack.Coordination
	require.Eventually(t, func() bool { return len(p.posted(coordination)) == 2 }, time.Minute, 100*time.Millisecond)
	require.NoError(t, p.client.SignalWorkflow(p.ctx, id, "", string(train.Cancel),
		train.Command{By: "bob", Reason: "no"}))
	next = p.summary(id)
	require.Equal(t, train.EndCancelled, next.End)

	cards := p.posted(coordination)
	require.Len(t, cards, 2, "each release has its own card")
	for i, by := range []string{"ada", "bob"} {
		var replies []string
		for _, r := range cards[i].Replies {
			replies = append(replies, r.Text)
		}
		assert.Contains(t, strings.Join(replies, "\n"), by, "how it ended is told in its own thread")
		assert.Contains(t, strings.Join(replies, "\n"), "Departure of")
	}
	p.keysHoldWholeRunIDs(train.NotifyID(next.Train, next.Day))
}

// posted are the messages of a channel that people see as such, oldest first.
func (p *place) posted(channel string) (all []sandbox.Message) {
	for _, m := range p.sandbox.Channel(channel).Messages {
		if !m.System {
			all = append(all, m)
		}
	}
	return all
}

// keysHoldWholeRunIDs looks at what a delivery was given: the keys of two runs that
// begin within a minute would be the same if they held the first digits only.
func (p *place) keysHoldWholeRunIDs(id string) {
	p.t.Helper()
	inputs := 0
	for _, e := range p.history(id).Events {
		if a := e.GetActivityTaskScheduledEventAttributes(); a.GetActivityType().GetName() == "Deliver" {
			inputs++
			assert.Regexp(p.t, `"key":"release-[^"#]*#[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/`,
				string(a.Input.Payloads[0].Data))
		}
	}
	assert.Positive(p.t, inputs)
}

func TestADeliveryThatContinuesAsNewAgainAndAgainDeliversEachMessageOnceInOrder(t *testing.T) {
	p := newPlace(t, "limit.historyCount.suggestContinueAsNew=20")
	p.startWorker()
	const id, sender = "notify-api-2026-11-30", "release-api-2026-11-30#019ac0de-0000-7000-8000-000000000001"
	run, err := p.client.ExecuteWorkflow(p.ctx, client.StartWorkflowOptions{ID: id, TaskQueue: train.TaskQueue},
		train.NotifyWorkflow, train.NotifyInput{Key: id})
	require.NoError(t, err)
	channels := []string{p.train.Slack.Staging, p.train.Slack.Production}
	const messages = 40
	for n := range messages {
		if n == messages/2 {
			p.sandbox.AddFault(sandbox.Fault{System: "slack", Path: "chat.postMessage", Times: 2}) // answers are lost
		}
		require.NoError(t, p.client.SignalWorkflow(p.ctx, id, "", train.SignalAnnounce, []train.Announcement{{
			Channel: channels[n%2], Card: &train.Message{Title: fmt.Sprintf("Card %d", n)},
			Event: &train.Message{Title: fmt.Sprintf("Event %d", n)},
			Key:   fmt.Sprintf("event-%d", n), Sender: sender, Last: n == messages-1,
		}}))
		if n%8 == 7 { // else all would go in a few deliveries
			require.Eventually(t, func() bool {
				cards := p.posted(channels[n%2])
				return len(cards) > 0 && len(cards[0].Replies) == (n+1)/2
			}, time.Minute, 20*time.Millisecond)
		}
	}
	require.NoError(t, run.Get(p.ctx, nil), "the worker's log:\n%s", p.workerLog())
	for i, channel := range channels {
		cards := p.posted(channel)
		require.Len(t, cards, 1, "one card in %s", channel)
		assert.Contains(t, cards[0].Text, fmt.Sprintf("Card %d", messages-2+i))
		require.Len(t, cards[0].Replies, messages/2)
		for n, r := range cards[0].Replies {
			assert.Contains(t, r.Text, fmt.Sprintf("Event %d", 2*n+i))
		}
	}
	require.Eventually(t, func() bool {
		list, err := p.client.ListWorkflow(p.ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: "default", Query: fmt.Sprintf("WorkflowId = '%s'", id)})
		return err == nil && len(list.Executions) >= 3
	}, 10*time.Second, 100*time.Millisecond, "it continued as new several times")
}
