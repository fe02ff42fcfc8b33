package workflows

import (
	"context"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
	"github.com/release-train/release-train/internal/words"
)

// NotifyWorkflow delivers the messages of one release day to Slack, at its own
// pace: Slack being down never holds a release. One coroutine a channel, so one
// broken channel does not hold the others; edits of a card coalesce. It ends
// once every sender that it has heard of has ended and all is delivered.
func NotifyWorkflow(ctx workflow.Context, in train.NotifyInput) error {
	n := newNotifier(ctx, in)
	if err := workflow.SetQueryHandler(ctx, train.QueryStatus, n.status); err != nil {
		return err
	}
	return n.run(ctx, in)
}

// notifier is a running delivery. What the next run needs stands in NotifyState.
type notifier struct {
	train.NotifyState

	id       string
	key      string // begins the keys of messages whose sender has no ID
	executor *executor
	underWay int  // activities that run
	stopping bool // nothing new is begun: this run is about to end
	cutOff   bool // what is under way is cancelled, and delivered by the next run
}

func newNotifier(ctx workflow.Context, in train.NotifyInput) *notifier {
	n := &notifier{
		NotifyState: train.NotifyState{Since: workflow.Now(ctx)},
		id:          workflow.GetInfo(ctx).WorkflowExecution.ID, key: in.Key,
		executor: &executor{keyPrefix: in.Key},
	}
	if in.Continued != nil {
		n.NotifyState = *in.Continued
	}
	return n
}

func (n *notifier) status() (train.NotifyStatus, error) {
	return train.NotifyStatus{ID: n.id, Senders: n.Senders, Waiting: rules.WaitingMessages(&n.NotifyState),
		Undelivered: n.Undelivered, Forgotten: n.Forgotten}, nil
}

// run takes announcements until nothing more comes and all is delivered. This
// coroutine alone reads the signals, and only without blocking in a receive:
// what such a receive has taken would be lost where the run ends in the same task.
func (n *notifier) run(ctx workflow.Context, in train.NotifyInput) error {
	inbox := workflow.GetSignalChannel(ctx, train.SignalAnnounce)
	for i := range n.Channels {
		n.serve(ctx, n.Channels[i].Name)
	}
	workflow.Go(ctx, n.record)
	for {
		if err := workflow.Await(ctx, func() bool {
			return inbox.Len() > 0 || n.done() || workflow.GetInfo(ctx).GetContinueAsNewSuggested()
		}); err != nil {
			return err // only when the workflow itself was cancelled
		}
		n.takeAll(ctx, inbox)
		switch {
		case n.done():
			return nil
		case workflow.GetInfo(ctx).GetContinueAsNewSuggested():
			return n.continueAsNew(ctx, inbox, in)
		}
	}
}

// done says that every sender has ended and all is delivered or given up.
func (n *notifier) done() bool {
	return n.underWay == 0 && rules.SendersEnded(n.Senders) && rules.WaitingMessages(&n.NotifyState) == 0
}

// deliveriesEndWithin is how long a run that is to continue as new waits for the
// deliveries under way. One that Slack does not answer could take a day, for which
// no other channel is to wait.
const deliveriesEndWithin = 30 * time.Second

// continueAsNew goes on in a new run: nothing new is begun, what is under way
// ends or is cancelled, and all that is not delivered goes along.
func (n *notifier) continueAsNew(ctx workflow.Context, inbox workflow.ReceiveChannel, in train.NotifyInput) error {
	n.stopping = true
	if err := n.awaitDeliveries(ctx); err != nil {
		return err
	}
	n.takeAll(ctx, inbox)
	in.Continued = &n.NotifyState
	return workflow.NewContinueAsNewError(ctx, train.NotifyWorkflow, in)
}

func (n *notifier) awaitDeliveries(ctx workflow.Context) error {
	ended := func() bool { return n.underWay == 0 }
	if ended() {
		return nil
	}
	timed, cancel := workflow.WithCancel(ctx)
	defer cancel()
	timer := workflow.NewTimerWithOptions(timed, deliveriesEndWithin,
		workflow.TimerOptions{Summary: clipSummary(words.DeliveriesEndFirst())})
	if err := workflow.Await(ctx, func() bool { return ended() || timer.IsReady() }); err != nil {
		return err
	}
	n.cutOff = true
	return workflow.Await(ctx, ended)
}

// takeAll takes all announcements that have come.
func (n *notifier) takeAll(ctx workflow.Context, inbox workflow.ReceiveChannel) {
	for {
		var announcements []train.Announcement
		if !inbox.ReceiveAsync(&announcements) {
			return
		}
		for _, a := range announcements {
			n.take(ctx, a)
		}
	}
}

// take puts an announcement into its channel's queue; a new card replaces one
// that has not been delivered yet.
func (n *notifier) take(ctx workflow.Context, a train.Announcement) {
	n.Senders = rules.HearSender(n.Senders, a.Sender, a.Last)
	if a.Record != nil {
		n.Records = append(n.Records, *a.Record)
	}
	c := n.card(ctx, a.Channel, a.Sender)
	if a.Card != nil {
		c.Card = a.Card
	}
	if a.Event != nil {
		c.Events = append(c.Events, train.Event{Message: *a.Event, Broadcast: a.Broadcast, Key: n.keyOf(c, a.Key)})
	}
	if a.Topic != "" {
		c.Topic = a.Topic
	}
}

// card is a sender's card in a channel. Each sender has its own, so that a release
// that starts again does not write over how the one before it ended.
func (n *notifier) card(ctx workflow.Context, name, sender string) *train.CardDelivery {
	if n.channel(name) == nil {
		n.Channels = append(n.Channels, train.ChannelDeliveries{Name: name})
		n.serve(ctx, name)
	}
	channel := n.channel(name)
	i := slices.IndexFunc(channel.Cards, func(c *train.CardDelivery) bool { return c.Sender == sender })
	if i < 0 {
		i = len(channel.Cards)
		channel.Cards = append(channel.Cards, &train.CardDelivery{Sender: sender})
	}
	return channel.Cards[i]
}

func (n *notifier) channel(name string) *train.ChannelDeliveries {
	i := slices.IndexFunc(n.Channels, func(c train.ChannelDeliveries) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return &n.Channels[i]
}

// keyOf is an idempotency key of one of a card's messages. It holds who sends
// it, not which run delivers it: so it stays when the delivery starts again.
func (n *notifier) keyOf(c *train.CardDelivery, what string) string {
	if c.Sender == "" {
		return n.key + "/" + what
	}
	return c.Sender + "/" + what
}

// serve delivers what has gathered for a channel, again and again.
func (n *notifier) serve(ctx workflow.Context, name string) {
	workflow.Go(ctx, func(ctx workflow.Context) {
		for {
			var next *train.CardDelivery
			if err := workflow.Await(ctx, func() bool {
				next = n.waiting(name)
				return next != nil && !n.stopping
			}); err != nil {
				return // only when the workflow itself was cancelled
			}
			n.deliver(ctx, name, next)
		}
	})
}

// waiting is the first card of a channel that something is to be delivered to.
func (n *notifier) waiting(name string) *train.CardDelivery {
	cards := n.channel(name).Cards
	i := slices.IndexFunc(cards, func(c *train.CardDelivery) bool {
		return c.Card != nil || len(c.Events) > 0 || c.Topic != ""
	})
	if i < 0 {
		return nil
	}
	return cards[i]
}

// deliver makes one delivery. What is cut off stays for the next run.
func (n *notifier) deliver(ctx workflow.Context, name string, c *train.CardDelivery) {
	card := c.Card
	in := train.DeliverInput{Channel: name, TS: c.TS, Card: card, Events: c.Events, Topic: c.Topic, Since: n.Since,
		Key: n.keyOf(c, "card"), InDoubt: c.InDoubt}
	if card != nil && *card == c.Shown {
		in.Card = nil
	}
	if in.Card != nil || len(in.Events) > 0 || in.Topic != "" {
		delivered, err := execute(ctx, n, deliveryActivity(words.Delivers(name, in)), slack.Deliver, in)
		c.InDoubt = err != nil
		switch {
		case err != nil && n.cutOff:
			return
		case err != nil:
			n.giveUp(ctx, in, errorSentence(err))
		default:
			c.TS = delivered.TS
			if in.Card != nil {
				c.Shown = *in.Card
			}
		}
	}
	dropDelivered(c, card, in)
}

// dropDelivered drops what a delivery took; what has come meanwhile stays.
func dropDelivered(c *train.CardDelivery, card *train.Message, in train.DeliverInput) {
	if c.Card == card {
		c.Card = nil
	}
	c.Events = c.Events[len(in.Events):]
	if c.Topic == in.Topic {
		c.Topic = ""
	}
}

// giveUp notes what could not be delivered in a day.
func (n *notifier) giveUp(ctx workflow.Context, in train.DeliverInput, problem string) {
	workflow.GetLogger(ctx).Error("Messages were not delivered", "channel", in.Channel,
		"title", words.DeliveryTitle(in), "problem", problem)
	for _, title := range words.DeliveryTitles(in) {
		rules.NoteUndelivered(&n.NotifyState, train.Undelivered{At: workflow.Now(ctx), Channel: in.Channel,
			Title: title, Problem: problem})
	}
}

// record tells Datadog what is to be recorded, one after the other, at its own
// pace like the channels.
func (n *notifier) record(ctx workflow.Context) {
	for {
		if err := workflow.Await(ctx, func() bool { return len(n.Records) > 0 && !n.stopping }); err != nil {
			return // only when the workflow itself was cancelled
		}
		r := n.Records[0]
		_, err := execute(ctx, n, deliveryActivity(words.TellsDatadog(r.Event)), datadog.Record, r)
		if err != nil && n.cutOff {
			return // the next run tells it; each record has an ID and is stored once
		}
		if err != nil {
			problem := errorSentence(err)
			workflow.GetLogger(ctx).Error("Datadog was not told", "title", r.Event.Title, "problem", problem)
			rules.NoteUndelivered(&n.NotifyState, train.Undelivered{At: workflow.Now(ctx), Title: r.Event.Title,
				Problem: problem})
		}
		n.Records = n.Records[1:]
	}
}

// execute executes an activity of the delivery and waits for it. Once the run is
// cut off the activity is cancelled, and its end is waited for all the same: two
// that deliver the same message at once could not see each other's.
func execute[In, Out any](ctx workflow.Context, n *notifier, opts workflow.ActivityOptions,
	activity func(context.Context, In) (Out, error), in In) (Out, error) {
	n.underWay++
	defer func() { n.underWay-- }()
	awake, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	opts.WaitForCancellation = true
	pending := startActivity(awake, n.executor, opts, activity, in)
	if err := workflow.Await(awake, func() bool { return pending.done() || n.cutOff }); err != nil {
		var none Out
		return none, err
	}
	if !pending.done() {
		pending.stop()
	}
	return pending.get(awake)
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
