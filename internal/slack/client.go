// Package slack is a thin adapter over the Slack client library: look-ups,
// posts, edits and topics, with errors of ours. It makes no retries and never
// imports Temporal; what is said belongs into internal/words.
//
// Source of methods and fields: https://docs.slack.dev/reference/methods.
package slack

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	lib "github.com/slack-go/slack"

	"github.com/release-train/release-train/internal/train"
)

// Client speaks as one Slack app.
type Client struct {
	api *lib.Client
	now func() time.Time

	mu       sync.Mutex
	channels directory // by name without #
	groups   directory // by handle without @
	self     *Identity
}

// Options say as whom.
type Options struct {
	Token      string       // the bot token, xoxb-…
	URL        string       // the API's base, ends in /api/; slack.com when empty
	HTTPClient *http.Client // for tests; nil: one with a time-out
}

// callWithin bounds one call.
const callWithin = 20 * time.Second

// New makes a client. It makes no call.
func New(o Options) *Client {
	h := cmp.Or(o.HTTPClient, &http.Client{Timeout: callWithin})
	options := []lib.Option{lib.OptionHTTPClient(h)}
	if o.URL != "" {
		options = append(options, lib.OptionAPIURL(strings.TrimSuffix(o.URL, "/")+"/"))
	}
	return &Client{api: lib.New(o.Token, options...), now: time.Now}
}

// Identity is who the token belongs to.
type Identity struct {
	UserID string
	BotID  string
	Team   string
}

// AuthTest says who the token belongs to.
func (c *Client) AuthTest(ctx context.Context) (Identity, error) {
	r, err := c.api.AuthTestContext(ctx)
	if err != nil {
		return Identity{}, fault("check the bot token", err)
	}
	return Identity{UserID: r.UserID, BotID: r.BotID, Team: r.Team}, nil
}

// directory is a list of names and IDs that is read once and again when a name
// is missing, but not more often than every lookAgain.
type directory struct {
	ids  map[string]string
	read time.Time
}

const lookAgain = time.Minute

// find is the ID of a name; empty when there is none.
func (d *directory) find(name string, now time.Time, read func() (map[string]string, error)) (string, error) {
	if id := d.ids[name]; id != "" {
		return id, nil
	}
	if d.ids != nil && now.Sub(d.read) < lookAgain {
		return "", nil
	}
	ids, err := read()
	if err != nil {
		return "", err
	}
	d.ids, d.read = ids, now
	return ids[name], nil
}

// ChannelID is the ID of a channel that the bot can see; names begin with #.
func (c *Client) ChannelID(ctx context.Context, name string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id, err := c.channels.find(strings.TrimPrefix(name, "#"), c.now(),
		func() (map[string]string, error) { return c.listChannels(ctx) })
	if err == nil && id == "" {
		err = &train.Fault{
			System: "Slack", Kind: train.FaultNotFound, Tried: "find the channel " + name,
			Answer: "no such channel is visible to the bot",
			Advice: "Create it, or invite the bot if it is private",
		}
	}
	return id, err
}

func (c *Client) listChannels(ctx context.Context) (map[string]string, error) {
	ids := map[string]string{}
	params := &lib.GetConversationsParameters{
		Types: []string{"public_channel", "private_channel"}, ExcludeArchived: true, Limit: 1000,
	}
	for {
		page, cursor, err := c.api.GetConversationsContext(ctx, params)
		if err != nil {
			return nil, fault("list the channels", err)
		}
		for _, ch := range page {
			ids[ch.Name] = ch.ID
		}
		if params.Cursor = cursor; cursor == "" {
			return ids, nil
		}
	}
}

// GroupMention is what a message says to call a user group; a handle that is no
// group stays plain text.
func (c *Client) GroupMention(ctx context.Context, handle string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id, err := c.groups.find(strings.TrimPrefix(handle, "@"), c.now(), func() (map[string]string, error) {
		list, err := c.api.GetUserGroupsContext(ctx)
		if err != nil {
			return nil, fault("list the user groups", err)
		}
		ids := map[string]string{}
		for _, g := range list {
			ids[g.Handle] = g.ID
		}
		return ids, nil
	})
	if err != nil || id == "" {
		return handle, err
	}
	return "<!subteam^" + id + ">", nil
}

// Channel is a channel with its topic.
type Channel struct {
	ID       string
	Name     string
	Topic    string // as people read it, not escaped
	IsMember bool   // whether the bot has joined
}

// Channel reads a channel by its name.
func (c *Client) Channel(ctx context.Context, name string) (Channel, error) {
	id, err := c.ChannelID(ctx, name)
	if err != nil {
		return Channel{}, err
	}
	ch, err := c.api.GetConversationInfoContext(ctx, &lib.GetConversationInfoInput{ChannelID: id})
	if err != nil {
		return Channel{}, fault("read the channel "+name, err)
	}
	return Channel{ID: id, Name: ch.Name, Topic: unescape(ch.Topic.Value), IsMember: ch.IsMember}, nil
}

// SetTopic sets the whole topic of a channel.
func (c *Client) SetTopic(ctx context.Context, channelID, topic string) error {
	if _, err := c.api.SetTopicOfConversationContext(ctx, channelID, topic); err != nil {
		return fault("set the topic of "+channelID, err)
	}
	return nil
}

// Post is a message to be posted.
type Post struct {
	ChannelID string
	ThreadTS  string // the message whose thread it goes into; empty: the channel
	Broadcast bool   // shows a thread message in the channel too
	Message   train.Message
	Key       string // tells it from all other messages
}

// eventType marks our messages in their metadata, which holds the key.
const eventType = "release_train"

// Post posts a message and returns its time stamp, which is its ID. Slack knows
// no idempotency: before a repeat, look with FindMessage.
func (c *Client) Post(ctx context.Context, p Post) (ts string, err error) {
	options := append(content(p.Message, p.Key), lib.MsgOptionDisableLinkUnfurl())
	if p.ThreadTS != "" {
		options = append(options, lib.MsgOptionTS(p.ThreadTS))
		if p.Broadcast {
			options = append(options, lib.MsgOptionBroadcast())
		}
	}
	_, ts, err = c.api.PostMessageContext(ctx, p.ChannelID, options...)
	if err != nil {
		return "", fault("post to "+p.ChannelID, err)
	}
	return ts, nil
}

// Update replaces a message.
func (c *Client) Update(ctx context.Context, channelID, ts string, m train.Message, key string) error {
	if _, _, _, err := c.api.UpdateMessageContext(ctx, channelID, ts, content(m, key)...); err != nil {
		return fault("edit the message "+ts+" in "+channelID, err)
	}
	return nil
}

func content(m train.Message, key string) []lib.MsgOption {
	return []lib.MsgOption{
		lib.MsgOptionText(clip(m.Title, maxText), false),
		lib.MsgOptionBlocks(Blocks(m)...),
		lib.MsgOptionMetadata(lib.SlackMetadata{EventType: eventType, EventPayload: map[string]any{"key": key}}),
	}
}

// searchPages bounds how far back FindMessage looks, in pages of 200 messages.
const searchPages = 20

// FindMessage looks for a message of ours by its key, in a channel or in a
// thread, back to an instant.
func (c *Client) FindMessage(ctx context.Context, channelID, threadTS, key string,
	oldest time.Time) (ts string, found bool, err error) {
	self, err := c.whoAmI(ctx)
	if err != nil {
		return "", false, err
	}
	cursor, from := "", strconv.FormatFloat(float64(oldest.UnixMilli())/1000, 'f', 3, 64)
	for range searchPages {
		page, next, err := c.messages(ctx, channelID, threadTS, cursor, from)
		if err != nil {
			return "", false, fault("look for an earlier message in "+channelID, err)
		}
		for _, m := range page {
			ours := m.BotID == self.BotID || m.User == self.UserID
			if ours && m.Metadata.EventType == eventType && m.Metadata.EventPayload["key"] == key {
				return m.Timestamp, true, nil
			}
		}
		if cursor = next; cursor == "" {
			return "", false, nil
		}
	}
	return "", false, nil
}

func (c *Client) messages(ctx context.Context, channelID, threadTS, cursor,
	oldest string) ([]lib.Message, string, error) {
	const size = 200
	if threadTS != "" {
		page, _, next, err := c.api.GetConversationRepliesContext(ctx, &lib.GetConversationRepliesParameters{
			ChannelID: channelID, Timestamp: threadTS, Cursor: cursor, Oldest: oldest, Limit: size, IncludeAllMetadata: true,
		})
		return page, next, err
	}
	page, err := c.api.GetConversationHistoryContext(ctx, &lib.GetConversationHistoryParameters{
		ChannelID: channelID, Cursor: cursor, Oldest: oldest, Limit: size, IncludeAllMetadata: true,
	})
	if err != nil {
		return nil, "", err
	}
	return page.Messages, page.ResponseMetaData.NextCursor, nil
}

// whoAmI is AuthTest, asked once.
func (c *Client) whoAmI(ctx context.Context) (Identity, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.self == nil {
		self, err := c.AuthTest(ctx)
		if err != nil {
			return self, err
		}
		c.self = &self
	}
	return *c.self, nil
}
