package train

import (
	"time"
)

// Message is what is posted to a channel. Text is Slack mrkdwn that is already
// escaped where it quotes foreign text.
type Message struct {
	// Title is one line, shown bold; it is also the notification's text.
	Title string `json:"title"`
	// Body is a few lines below it; may be empty.
	Body string `json:"body,omitempty"`
	// Mention is a group handle (with @) that is called as the owner; empty: nobody is called.
	Mention string `json:"mention,omitempty"`
	// Context is small print at the end; may be empty.
	Context string `json:"context,omitempty"`
}

// Announcement is one thing to tell one channel; several may be merged before
// they are delivered.
type Announcement struct {
	// Channel is the channel's name with #.
	Channel string `json:"channel"`
	// Card replaces the release's one message in the channel; nil leaves it.
	Card *Message `json:"card,omitempty"`
	// Event goes into the thread of that message; nil: nothing to add.
	Event *Message `json:"event,omitempty"`
	// Broadcast shows the event in the channel as well: it needs eyes.
	Broadcast bool `json:"broadcast,omitempty"`
	// Topic is our part of the channel's topic; empty leaves it.
	Topic string `json:"topic,omitempty"`
	// Key tells this announcement from all others of its sender.
	Key string `json:"key"`
	// Record is for Datadog; nil: nothing to record.
	Record *DatadogRecord `json:"record,omitempty"`
	// Sender says who announces, see SenderID; empty: a release that began before senders had IDs.
	Sender string `json:"sender,omitempty"`
	// Last says that nothing follows from this sender.
	Last bool `json:"last,omitempty"`
}

// SenderID tells a sender of messages from all others, also from an earlier
// execution of the same workflow ID. It stays the same when the sender continues as new.
func SenderID(workflowID, firstRunID string) string { return workflowID + "#" + firstRunID }

// Sender is an execution whose messages are delivered.
type Sender struct {
	// ID is its SenderID.
	ID string `json:"id"`
	// Ended says that nothing more comes from it.
	Ended bool `json:"ended,omitempty"`
}

// NotifyInput starts the delivery of a release day's messages.
type NotifyInput struct {
	// Key begins the idempotency keys of messages whose sender has no ID.
	Key string `json:"key"`
	// Continued is what an earlier run of this delivery left; nil: this is the first.
	Continued *NotifyState `json:"continued,omitempty"`
}

// NotifyState is what the next run of a delivery goes on with.
type NotifyState struct {
	// Since is when the first run began.
	Since    time.Time           `json:"since"`
	Senders  []Sender            `json:"senders,omitempty"`
	Channels []ChannelDeliveries `json:"channels,omitempty"`
	// Records are to be told to Datadog.
	Records []DatadogRecord `json:"records,omitempty"`
	// Undelivered are the latest messages that were given up, oldest first.
	Undelivered []Undelivered `json:"undelivered,omitempty"`
	// Forgotten is how many earlier ones are not in the list any more.
	Forgotten int `json:"forgotten,omitempty"`
}

// ChannelDeliveries is what is to be delivered to one channel, a card for each sender.
type ChannelDeliveries struct {
	Name  string          `json:"name"`
	Cards []*CardDelivery `json:"cards,omitempty"`
}

// CardDelivery is one sender's message in one channel, and what is to be delivered there.
type CardDelivery struct {
	Sender string `json:"sender,omitempty"`
	// TS is where the card stands; empty: it has not been posted.
	TS string `json:"ts,omitempty"`
	// Shown is the card as last delivered.
	Shown Message `json:"shown,omitzero"`
	// Card, Events and Topic are to be delivered.
	Card   *Message `json:"card,omitempty"`
	Events []Event  `json:"events,omitempty"`
	Topic  string   `json:"topic,omitempty"`
	// InDoubt says that what came of an earlier delivery is not known.
	InDoubt bool `json:"inDoubt,omitempty"`
}

// Undelivered is a message that could not be delivered within a day.
type Undelivered struct {
	At time.Time `json:"at"`
	// Channel is the channel's name with #; empty: it was for Datadog.
	Channel string `json:"channel,omitempty"`
	Title   string `json:"title"`
	Problem string `json:"problem"`
}

// NotifyStatus is what a delivery answers to the status query.
type NotifyStatus struct {
	ID      string   `json:"id"`
	Senders []Sender `json:"senders,omitempty"`
	// Waiting is how many messages wait to be delivered.
	Waiting int `json:"waiting"`
	// Undelivered are the latest messages that were given up, oldest first.
	Undelivered []Undelivered `json:"undelivered,omitempty"`
	// Forgotten is how many earlier ones are not in the list any more.
	Forgotten int `json:"forgotten,omitempty"`
}

// DeliverInput delivers what there is for one channel: the card, then events
// into its thread, then the topic.
type DeliverInput struct {
	Channel string `json:"channel"`
	// TS is the card's message; empty: it has not been posted.
	TS string `json:"ts,omitempty"`
	// Card is posted, or replaces the message TS; nil leaves it.
	Card *Message `json:"card,omitempty"`
	// Events go into the card's thread, in their order.
	Events []Event `json:"events,omitempty"`
	// Topic is our part of the channel's topic; empty leaves it.
	Topic string `json:"topic,omitempty"`
	// Since bounds the search for messages that an earlier call posted.
	Since time.Time `json:"since"`
	// Key tells this release's card from all others; each event has its own.
	Key string `json:"key"`
	// InDoubt says that an earlier delivery may have posted some of it: each
	// message is looked for before it is posted.
	InDoubt bool `json:"inDoubt,omitempty"`
}

// Event is a message in a thread.
type Event struct {
	Message Message `json:"message"`
	// Broadcast shows it in the channel as well.
	Broadcast bool   `json:"broadcast,omitempty"`
	Key       string `json:"key"`
}

// Delivered is where the card stands.
type Delivered struct {
	TS string `json:"ts"`
}
