package workflows

import (
	"fmt"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// NotifyWorkflow delivers the messages of one release day to Slack, at its own
// pace: Slack being down never holds a release. One coroutine a channel, so one
// broken channel does not hold the others; edits of a card coalesce.
func NotifyWorkflow(ctx workflow.Context, in train.NotifyInput) error {
	n := &notifier{executor: &executor{keyPrefix: in.Key}, since: workflow.Now(ctx)}
	return n.run(ctx)
}

type notifier struct {
	executor *executor
	since    time.Time
	channels []*channel
	records  []train.DatadogRecord
	recorded int // records so far
	last     bool
}

// channel is what is to be delivered to one channel, and where its card stands.
type channel struct {
	name   string
	ts     string // the release's message, once posted
	card   *train.Message
	shown  train.Message // the card as last delivered
	events []train.Event
	topic  string
	sent   int // deliveries so far
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
	workflow.Go(ctx, n.record)
	return workflow.Await(ctx, func() bool { return n.last && n.idle() })
}

func (n *notifier) idle() bool {
	return len(n.records) == 0 && !slices.ContainsFunc(n.channels, func(c *channel) bool { return !c.idle() })
}

// take puts an announcement into its channel's queue; a new card replaces one
// that has not been delivered yet.
func (n *notifier) take(ctx workflow.Context, a train.Announcement) {
	n.last = n.last || a.Last
	if a.Record != nil {
		n.records = append(n.records, *a.Record)
	}
	i := slices.IndexFunc(n.channels, func(c *channel) bool { return c.name == a.Channel })
	if i < 0 {
		i = len(n.channels)
		n.channels = append(n.channels, &channel{name: a.Channel})
		workflow.Go(ctx, func(ctx workflow.Context) { n.serve(ctx, n.channels[i]) })
	}
	c := n.channels[i]
	if a.Card != nil {
		c.card = a.Card
	}
	if a.Event != nil {
		c.events = append(c.events, train.Event{Message: *a.Event, Broadcast: a.Broadcast,
			Key: n.executor.keyPrefix + "/" + a.Key})
	}
	if a.Topic != "" {
		c.topic = a.Topic
	}
}

// serve delivers what has gathered for a channel, again and again.
func (n *notifier) serve(ctx workflow.Context, c *channel) {
	for {
		if err := workflow.Await(ctx, func() bool { return !c.idle() }); err != nil {
			return // only when the workflow itself was cancelled
		}
		card := c.card
		in := train.DeliverInput{
			Channel: c.name, TS: c.ts, Card: card, Events: c.events, Topic: c.topic, Since: n.since,
			Key: n.executor.keyPrefix + "/card",
		}
		if card != nil && *card == c.shown {
			in.Card = nil
		}
		if in.Card != nil || len(in.Events) > 0 || in.Topic != "" {
			n.post(ctx, c, in)
		}
		c.dropDelivered(card, in)
	}
}

// dropDelivered drops what a delivery took; what has come meanwhile stays.
func (c *channel) dropDelivered(card *train.Message, in train.DeliverInput) {
	if c.card == card {
		c.card = nil
	}
	c.events = c.events[len(in.Events):]
	if c.topic == in.Topic {
		c.topic = ""
	}
}

// post makes one delivery; what cannot be delivered in a day is dropped.
func (n *notifier) post(ctx workflow.Context, c *channel, in train.DeliverInput) {
	c.sent++
	delivered, err := write(ctx, n.executor, train.StepMessage, c.sent, deliveryActivity(words.Delivers(c.name, in)),
		slack.Deliver, func(string) train.DeliverInput { return in })
	if err != nil {
		workflow.GetLogger(ctx).Error("Messages were not delivered", "channel", c.name, "title", words.DeliveryTitle(in),
			"problem", errorSentence(err))
		return
	}
	c.ts = delivered.TS
	if in.Card != nil {
		c.shown = *in.Card
	}
}

// record tells Datadog what is to be recorded, one after the other, at its own
// pace like the channels.
func (n *notifier) record(ctx workflow.Context) {
	for {
		if err := workflow.Await(ctx, func() bool { return len(n.records) > 0 }); err != nil {
			return // only when the workflow itself was cancelled
		}
		r := n.records[0]
		n.recorded++
		_, err := write(ctx, n.executor, train.StepRecord, n.recorded,
			deliveryActivity(words.TellsDatadog(r.Event)), datadog.Record,
			func(string) train.DatadogRecord { return r })
		if err != nil {
			workflow.GetLogger(ctx).Error("Datadog was not told", "title", r.Event.Title, "problem", errorSentence(err))
		}
		n.records = n.records[1:]
	}
}

// deliveryActivity are the options of a delivery. A day is longer than any outage of
// Slack that a message about a release outlives; a channel that the bot was not
// invited to counts as an outage, because people mend it.
func deliveryActivity(summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		Summary:                clipSummary(summary),
		StartToCloseTimeout:    2 * time.Minute,
		ScheduleToCloseTimeout: 24 * time.Hour,
		HeartbeatTimeout:       lostWithin,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2,
			MaximumInterval: 5 * time.Minute},
	}
}

// messageQueue is a release's way to its NotifyWorkflow. What is said within one
// workflow task goes in one signal.
type messageQueue struct {
	id          string
	announced   *int // announcements so far, over all runs of who announces
	queue       []train.Announcement
	unconfirmed int // signals that have not been confirmed
}

// startMessages starts the delivery of messages. One that still delivers for an
// earlier execution takes these on as well.
func startMessages(ctx workflow.Context, id, summary string, announced *int) *messageQueue {
	d := &messageQueue{id: id, announced: announced}
	info := workflow.GetInfo(ctx)
	own, _ := workflow.NewDisconnectedContext(ctx)
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(own, workflow.ChildWorkflowOptions{
		WorkflowID:            d.id,
		ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_ABANDON,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary:         clipSummary(summary),
	}), train.NotifyWorkflow, train.NotifyInput{Key: d.id + "#" + train.ShortSHA(info.FirstRunID)})
	if err := child.GetChildWorkflowExecution().Get(own, nil); err != nil {
		workflow.GetLogger(ctx).Info("Messages go to the delivery that runs already", "id", d.id, "because", err)
	}
	workflow.Go(own, d.sendSignals)
	return d
}

// send queues announcements; the last card for a channel counts.
func (d *messageQueue) send(announcements []train.Announcement) {
	for _, a := range announcements {
		*d.announced++
		a.Key = fmt.Sprintf("event-%d", *d.announced)
		for i := range d.queue {
			if d.queue[i].Channel == a.Channel && a.Card != nil {
				d.queue[i].Card = nil
			}
		}
		d.queue = append(d.queue, a)
	}
}

// sendSignals signals what has been queued, once the code that queues it waits for
// something else.
func (d *messageQueue) sendSignals(ctx workflow.Context) {
	for {
		if err := workflow.Await(ctx, func() bool { return len(d.queue) > 0 }); err != nil {
			return // the context is never cancelled
		}
		signal := workflow.SignalExternalWorkflow(ctx, d.id, "", train.SignalAnnounce, d.queue)
		d.queue = nil
		d.unconfirmed++
		workflow.Go(ctx, func(ctx workflow.Context) {
			if err := signal.Get(ctx, nil); err != nil {
				workflow.GetLogger(ctx).Error("Announcements were not handed over", "id", d.id, "error", err)
			}
			d.unconfirmed--
		})
	}
}

// flush waits until everything is handed over: what a closing workflow has not
// handed over is lost.
func (d *messageQueue) flush(ctx workflow.Context) error {
	return workflow.Await(ctx, func() bool { return len(d.queue) == 0 && d.unconfirmed == 0 })
}
