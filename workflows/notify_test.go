package workflows

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/train"
)

const (
	notifyID    = "notify-api-2026-11-24"
	firstSender = releaseID + "#019ac0de-0000-7000-8000-000000000001"
	nextSender  = releaseID + "#019ac0de-0000-7000-8000-000000000002"
)

// delivery is a NotifyWorkflow in virtual time and what arrived in Slack.
type delivery struct {
	t         *testing.T
	env       *testsuite.TestWorkflowEnvironment
	delivered []train.DeliverInput
	fails     error
	slow      time.Duration // how long Slack takes
}

func newDelivery(t *testing.T) *delivery {
	t.Helper()
	d := &delivery{t: t, env: newEnvironment(notifyID)}
	d.env.SetStartTime(newYork(23, 17, 0))
	d.answerSlack()
	return d
}

func (d *delivery) answerSlack() {
	d.env.OnActivity(slack.Deliver, mock.Anything, mock.Anything).Return(
		func(_ context.Context, in train.DeliverInput) (train.Delivered, error) {
			if d.fails == nil {
				d.delivered = append(d.delivered, in)
			}
			return train.Delivered{TS: "ts of " + in.Key}, d.fails
		}).AfterFn(func() time.Duration { return d.slow })
}

// said signals announcements of a sender after a time: a card and an event each.
func (d *delivery) said(after time.Duration, sender string, last bool, titles ...string) {
	d.env.RegisterDelayedCallback(func() { d.signal("#c", sender, last, titles...) }, after)
}

func (d *delivery) signal(channel, sender string, last bool, titles ...string) {
	var all []train.Announcement
	for i, title := range titles {
		all = append(all, train.Announcement{Channel: channel, Card: &train.Message{Title: "card " + title},
			Event: &train.Message{Title: title}, Key: "event-" + title, Sender: sender, Last: last && i == len(titles)-1})
	}
	d.env.SignalWorkflow(train.SignalAnnounce, all)
}

func (d *delivery) run(in train.NotifyInput) error {
	d.env.ExecuteWorkflow(train.NotifyWorkflow, in)
	require.True(d.t, d.env.IsWorkflowCompleted())
	return d.env.GetWorkflowError()
}

// events are the titles of the delivered events, with what their thread's card is.
func (d *delivery) events() (all []string) {
	for _, in := range d.delivered {
		for _, e := range in.Events {
			all = append(all, e.Message.Title+" with "+e.Key)
		}
	}
	return all
}

func (d *delivery) status() (st train.NotifyStatus) {
	d.t.Helper()
	value, err := d.env.QueryWorkflow(train.QueryStatus)
	require.NoError(d.t, err)
	require.NoError(d.t, value.Get(&st))
	return st
}

func TestDeliveryEndsOnlyWhenEverySenderHasEnded(t *testing.T) {
	d := newDelivery(t)
	const deploy = "deploy-production#019ac0de-0000-7000-8000-000000000003"
	d.said(time.Second, firstSender, false, "cut")
	d.said(2*time.Second, deploy, false, "deploying")
	d.said(time.Minute, firstSender, true, "cancelled")
	d.said(time.Hour, deploy, true, "deployed")
	require.NoError(t, d.run(train.NotifyInput{Key: notifyID}))
	assert.Equal(t, []string{"cut with " + firstSender + "/event-cut", "deploying with " + deploy + "/event-deploying",
		"cancelled with " + firstSender + "/event-cancelled", "deployed with " + deploy + "/event-deployed"}, d.events())
}

func TestDeliveryWaitsForItsFirstSender(t *testing.T) {
	d := newDelivery(t)
	d.said(48*time.Hour, firstSender, true, "late")
	require.NoError(t, d.run(train.NotifyInput{Key: notifyID}))
	assert.Len(t, d.events(), 1)
}

func TestDeliveryKeepsACardForEachSenderAndForgetsOneThatWasTerminated(t *testing.T) {
	d := newDelivery(t)
	d.said(time.Second, firstSender, false, "cut")
	d.said(time.Minute, nextSender, false, "cut again")
	d.said(2*time.Minute, nextSender, true, "released")
	require.NoError(t, d.run(train.NotifyInput{Key: notifyID}), "the first one never said that it had ended")
	require.Len(t, d.delivered, 3)
	assert.Equal(t, firstSender+"/card", d.delivered[0].Key)
	assert.Equal(t, nextSender+"/card", d.delivered[1].Key)
	assert.Empty(t, d.delivered[1].TS, "the card of the release before stays as it is")
	assert.Equal(t, "ts of "+nextSender+"/card", d.delivered[2].TS)
}

func TestDeliveryStillTakesWhatAReleaseOfAnEarlierBuildSays(t *testing.T) {
	d := newDelivery(t)
	d.said(time.Second, "", false, "cut")
	d.said(time.Minute, "", true, "ended")
	require.NoError(t, d.run(train.NotifyInput{Key: "notify-api-2026-11-24#019ac0de"}))
	assert.Equal(t, []string{"cut with notify-api-2026-11-24#019ac0de/event-cut",
		"ended with notify-api-2026-11-24#019ac0de/event-ended"}, d.events())
}

func TestDeliveryThatContinuesAsNewTakesEverythingAlong(t *testing.T) {
	d := newDelivery(t)
	d.said(time.Second, firstSender, false, "cut")
	d.env.RegisterDelayedCallback(func() { d.slow = 20 * time.Second }, time.Minute)
	d.said(time.Hour, firstSender, false, "staged")
	d.env.RegisterDelayedCallback(func() {
		d.env.SetContinueAsNewSuggested(true) // while a delivery is under way
	}, time.Hour+time.Second)
	d.said(time.Hour+10*time.Second, firstSender, false, "tested")
	next := d.continued(d.run(train.NotifyInput{Key: notifyID}))
	require.Len(t, d.events(), 2)
	require.NotNil(t, next.Continued)
	assert.Equal(t, newYork(23, 17, 0), next.Continued.Since.In(newYork(23, 17, 0).Location()))

	d2 := newDelivery(t)
	d2.said(time.Hour, firstSender, true, "ended")
	require.NoError(t, d2.run(next))
	assert.Equal(t, []string{"tested with " + firstSender + "/event-tested",
		"ended with " + firstSender + "/event-ended"}, d2.events())
	assert.Equal(t, "ts of "+firstSender+"/card", d2.delivered[0].TS, "the card is edited, not posted anew")
}

func (d *delivery) continued(err error) (in train.NotifyInput) {
	d.t.Helper()
	var next *workflow.ContinueAsNewError
	require.ErrorAs(d.t, err, &next)
	require.NoError(d.t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &in))
	return in
}

func TestDeliveryThatSlackDoesNotAnswerHoldsNoNewRunUp(t *testing.T) {
	d := newDelivery(t)
	d.slow = 20 * time.Hour
	d.said(time.Second, firstSender, false, "cut")
	d.env.RegisterDelayedCallback(func() { d.slow = 0 }, time.Minute)
	d.env.RegisterDelayedCallback(func() { d.env.SetContinueAsNewSuggested(true) }, time.Hour)
	d.env.RegisterDelayedCallback(func() { d.signal("#other", firstSender, true, "staged") }, time.Hour+time.Second)
	began := d.env.Now()
	next := d.continued(d.run(train.NotifyInput{Key: notifyID}))
	assert.Less(t, d.env.Now().Sub(began), time.Hour+2*time.Minute)

	d2 := newDelivery(t)
	require.NoError(t, d2.run(next))
	require.Len(t, d2.delivered, 2)
	for _, in := range d2.delivered {
		assert.Equal(t, in.Channel == "#c", in.InDoubt, "what was cut off is looked for before it is posted again")
	}
}

func TestDeliveryKeepsInItsStatusWhatSlackRefusedForADay(t *testing.T) {
	d := newDelivery(t)
	d.fails = temporal.NewNonRetryableApplicationError("Slack: is_archived", string(train.FaultForbidden), nil)
	d.said(time.Second, firstSender, false, "cut")
	d.env.RegisterDelayedCallback(func() { d.fails = nil }, time.Minute)
	d.said(time.Hour, firstSender, true, "ended")
	require.NoError(t, d.run(train.NotifyInput{Key: notifyID}))
	assert.Equal(t, []string{"ended with " + firstSender + "/event-ended"}, d.events())
	st := d.status()
	require.Len(t, st.Undelivered, 2)
	assert.Equal(t, "card cut", st.Undelivered[0].Title)
	assert.Equal(t, "cut", st.Undelivered[1].Title)
	assert.Equal(t, "#c", st.Undelivered[1].Channel)
	assert.Contains(t, st.Undelivered[1].Problem, "is_archived")
	assert.Zero(t, st.Waiting)
	assert.Equal(t, []train.Sender{{ID: firstSender, Ended: true}}, st.Senders)
}

// announcing runs a workflow that announces through a queue, with its delivery.
func announcing(t *testing.T, announce func(ctx workflow.Context, d *messageQueue) error) *delivery {
	t.Helper()
	d := &delivery{t: t, env: newEnvironment(releaseID)}
	d.answerSlack()
	d.env.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		others := false
		workflow.Go(ctx, func(workflow.Context) { others = true })
		queue := startMessages(ctx, notifyID, "Messages", new(int))
		assert.False(t, others, "the queue is there before anything else has run")
		return announce(ctx, queue)
	}, workflow.RegisterOptions{Name: "Announcing"})
	d.env.ExecuteWorkflow("Announcing")
	require.True(t, d.env.IsWorkflowCompleted())
	require.NoError(t, d.env.GetWorkflowError())
	return d
}

func announcement(title string, last bool) []train.Announcement {
	return []train.Announcement{{Channel: "#c", Event: &train.Message{Title: title}, Last: last}}
}

func TestMessagesOfTheFirstTaskWaitInTheQueueForTheirDelivery(t *testing.T) {
	d := announcing(t, func(ctx workflow.Context, queue *messageQueue) error {
		queue.send(announcement("cancelled", true))
		return queue.flush(ctx)
	})
	require.Len(t, d.events(), 1)
	assert.Contains(t, d.events()[0], "cancelled with "+releaseID)
}

func TestMessagesStartADeliveryAgainThatHasEnded(t *testing.T) {
	d := announcing(t, func(ctx workflow.Context, queue *messageQueue) error {
		queue.send(announcement("one", true)) // the delivery believes that nothing follows, and ends
		if err := workflow.Sleep(ctx, time.Hour); err != nil {
			return err
		}
		queue.send(announcement("two", false))
		queue.send(announcement("three", true))
		return queue.flush(ctx)
	})
	titles := strings.Join(d.events(), "\n")
	require.Len(t, d.events(), 3, titles)
	assert.Less(t, strings.Index(titles, "two"), strings.Index(titles, "three"))
}
