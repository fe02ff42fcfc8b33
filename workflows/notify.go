package workflows

import (
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/train"
)

// NotifyWorkflow delivers the messages of one release day to Slack, at its own
// pace: Slack being down never holds a release. One coroutine a channel, so one
// broken channel does not hold the others; edits of a card coalesce.
func NotifyWorkflow(ctx workflow.Context, in train.NotifyInput) error {
	n := &notifier{door: &door{key: in.Key}, since: workflow.Now(ctx), channels: map[string]*channel{}}
	return n.run(ctx)
}

type notifier struct {
	door     *door
	since    time.Time
	channels map[string]*channel
	last     bool
}

// channel is what is to be delivered to one channel, and where its card stands.
type channel struct {
	name   string
	ts     string // the release's message, once posted
	card   *train.Message
	shown  train.Message // the card as last delivered
	events []train.Announcement
	topic  string
	sent   int // deliveries so far, for keys and attempts
}

func (c *channel) idle() bool { return c.card == nil && len(c.events) == 0 && c.topic == "" }

func (n *notifier) run(ctx workflow.Context) error {
	inbox := workflow.GetSignalChannel(ctx, train.SignalAnnounce)
	workflow.Go(ctx, func(ctx workflow.Context) {
		for {
			var announcements []train.Announcement
			inbox.Receive(ctx, &announcements)
			for _, a := range announcements {
				n.take(ctx, a)
			}
		}
	})
	return workflow.Await(ctx, func() bool { return n.last && n.idle() })
}

func (n *notifier) idle() bool {
	for _, c := range n.channels { //workflowcheck:ignore (an any-of, order does not matter)
		if !c.idle() {
			return false
		}
	}
	return true
}

// take puts an announcement into its channel's queue; a new card replaces one
// that has not been delivered yet.
func (n *notifier) take(ctx workflow.Context, a train.Announcement) {
	n.last = n.last || a.Last
	c := n.channels[a.Channel]
	if c == nil {
		c = &channel{name: a.Channel}
		n.channels[a.Channel] = c
		workflow.Go(ctx, func(ctx workflow.Context) { n.serve(ctx, c) })
	}
	if a.Card != nil {
		c.card = a.Card
	}
	if a.Event != nil {
		c.events = append(c.events, a)
	}
	if a.Topic != "" {
		c.topic = a.Topic
	}
}

// serve delivers what a channel's queue holds: the card first, because events
// go into its thread.
func (n *notifier) serve(ctx workflow.Context, c *channel) {
	for {
		if err := workflow.Await(ctx, func() bool { return !c.idle() }); err != nil {
			return // only when the workflow itself was cancelled
		}
		switch {
		case c.card != nil:
			card := *c.card
			if card != c.shown {
				if ts := n.post(ctx, c, train.DeliverInput{Message: card, TS: c.ts}, "card"); ts != "" {
					c.ts, c.shown = ts, card
				}
			}
			if *c.card == card { // nothing newer came meanwhile
				c.card = nil
			}
		case len(c.events) > 0:
			a := c.events[0]
			n.post(ctx, c, train.DeliverInput{Message: *a.Event, ThreadTS: c.ts, Broadcast: a.Broadcast}, a.Key)
			c.events = c.events[1:]
		default:
			n.setTopic(ctx, c)
		}
	}
}

// post delivers one message; what cannot be delivered in a day is dropped.
func (n *notifier) post(ctx workflow.Context, c *channel, in train.DeliverInput, what string) (ts string) {
	c.sent++
	in.Channel, in.Since = c.name, n.since
	delivered, err := write(ctx, n.door, train.StepMessage, c.sent, delivering(fmt.Sprintf("%s: %s", c.name, in.Message.Title)),
		slack.Deliver, func(key string) train.DeliverInput {
			in.Key = key + c.name + "/" + what
			return in
		})
	if err != nil {
		workflow.GetLogger(ctx).Error("A message was not delivered", "channel", c.name, "title", in.Message.Title, "problem", sentence(err))
	}
	return delivered.TS
}

func (n *notifier) setTopic(ctx workflow.Context, c *channel) {
	topic := c.topic
	_, err := write(ctx, n.door, train.StepTopic, 1, delivering(c.name+": topic"), slack.SetTopic, func(string) train.SetTopicInput {
		return train.SetTopicInput{Channel: c.name, Topic: topic}
	})
	if err != nil {
		workflow.GetLogger(ctx).Error("A topic was not set", "channel", c.name, "problem", sentence(err))
	}
	if c.topic == topic {
		c.topic = ""
	}
}

// delivering are the options of a delivery. A day is longer than any outage of
// Slack that a message about a release outlives; a channel that the bot was not
// invited to counts as an outage, because people mend it.
func delivering(summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		Summary:                clip(summary),
		StartToCloseTimeout:    2 * time.Minute,
		ScheduleToCloseTimeout: 24 * time.Hour,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 5 * time.Minute},
	}
}

// delivery is a release's way to its NotifyWorkflow.
type delivery struct {
	id    string
	sent  int
	calls []workflow.Future
}

// startDelivery starts the delivery of a release day's messages. One that still
// delivers for an earlier release of the day takes these on as well.
func startDelivery(ctx workflow.Context, name string, day train.Day) *delivery {
	id := train.NotifyID(name, day)
	info := workflow.GetInfo(ctx)
	own, _ := workflow.NewDisconnectedContext(ctx)
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(own, workflow.ChildWorkflowOptions{
		WorkflowID:            id,
		ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_ABANDON,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary:         clip(fmt.Sprintf("Messages of release %s of %s", day, name)),
	}), train.NotifyWorkflow, train.NotifyInput{Key: id + "#" + train.ShortSHA(info.FirstRunID)})
	if err := child.GetChildWorkflowExecution().Get(own, nil); err != nil {
		workflow.GetLogger(ctx).Info("Messages go to the delivery that runs already", "id", id, "because", err)
	}
	return &delivery{id: id}
}

// send hands announcements over and does not wait.
func (d *delivery) send(ctx workflow.Context, announcements []train.Announcement) {
	for i := range announcements {
		d.sent++
		announcements[i].Key = fmt.Sprintf("event-%d", d.sent)
	}
	own, _ := workflow.NewDisconnectedContext(ctx)
	d.calls = append(d.calls, workflow.SignalExternalWorkflow(own, d.id, "", train.SignalAnnounce, announcements))
}

// flush waits until everything is handed over: what a closing workflow has not
// handed over is lost.
func (d *delivery) flush(ctx workflow.Context) {
	for _, call := range d.calls {
		if err := call.Get(ctx, nil); err != nil {
			workflow.GetLogger(ctx).Error("An announcement was not handed over", "id", d.id, "error", err)
		}
	}
	d.calls = nil
}
