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
	// Key tells this announcement from all others of the release.
	Key string `json:"key"`
	// Record is for Datadog; nil: nothing to record.
	Record *DatadogRecord `json:"record,omitempty"`
	// Last says that nothing follows: delivery ends when all is delivered.
	Last bool `json:"last,omitempty"`
}

// NotifyInput starts the delivery of a release day's messages.
type NotifyInput struct {
	// Key begins the idempotency keys of all messages.
	Key string `json:"key"`
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
