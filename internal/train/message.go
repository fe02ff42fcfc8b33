package train

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
