package activities

import (
	"context"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/release-train/release-train/internal/slack"
	"github.com/release-train/release-train/internal/train"
)

// SlackAPI is what the activities need of Slack; slack.Client is it.
type SlackAPI interface {
	ChannelID(ctx context.Context, name string) (string, error)
	Channel(ctx context.Context, name string) (slack.Channel, error)
	GroupMention(ctx context.Context, handle string) (string, error)
	FindMessage(ctx context.Context, channelID, threadTS, key string, oldest time.Time) (ts string, found bool, err error)
	Post(ctx context.Context, p slack.Post) (ts string, err error)
	Update(ctx context.Context, channelID, ts string, m train.Message, key string) error
	SetTopic(ctx context.Context, channelID, topic string) error
}

// Slack delivers messages.
type Slack struct {
	API SlackAPI
}

// Deliver brings a channel up to date: it posts or edits the card, adds events
// to its thread and sets the topic. Slack has no idempotency key for posts:
// every try but the first, and the first of a delivery that is in doubt, looks
// for a message with the same key in its metadata before it posts.
func (s *Slack) Deliver(ctx context.Context, in train.DeliverInput) (train.Delivered, error) {
	out := train.Delivered{TS: in.TS}
	channel, err := s.API.ChannelID(ctx, in.Channel)
	if err != nil {
		return out, retryableFailure(err)
	}
	if in.Card != nil {
		if out.TS, err = s.card(ctx, channel, in); err != nil {
			return out, retryableFailure(err)
		}
	}
	for _, e := range in.Events {
		if _, err := s.post(ctx, slack.Post{ChannelID: channel, ThreadTS: out.TS, Broadcast: e.Broadcast, Message: e.Message,
			Key: e.Key}, in); err != nil {
			return out, retryableFailure(err)
		}
	}
	if in.Topic != "" {
		err = s.setTopic(ctx, in.Channel, in.Topic)
	}
	return out, retryableFailure(err)
}

// card edits the card where it stands, or posts it.
func (s *Slack) card(ctx context.Context, channel string, in train.DeliverInput) (ts string, err error) {
	if in.TS == "" {
		return s.post(ctx, slack.Post{ChannelID: channel, Message: *in.Card, Key: in.Key}, in)
	}
	m, err := s.mention(ctx, *in.Card)
	if err != nil {
		return in.TS, err
	}
	return in.TS, s.API.Update(ctx, channel, in.TS, m, in.Key)
}

// post posts a message once.
func (s *Slack) post(ctx context.Context, p slack.Post, in train.DeliverInput) (ts string, err error) {
	if activity.GetInfo(ctx).Attempt > 1 || in.InDoubt {
		ts, found, err := s.API.FindMessage(ctx, p.ChannelID, p.ThreadTS, p.Key, in.Since.Add(-time.Minute))
		if err != nil || found {
			return ts, err
		}
	}
	if p.Message, err = s.mention(ctx, p.Message); err != nil {
		return "", err
	}
	return s.API.Post(ctx, p)
}

// mention writes the owner of a message as a mention that calls the group.
func (s *Slack) mention(ctx context.Context, m train.Message) (train.Message, error) {
	if m.Mention == "" {
		return m, nil
	}
	mention, err := s.API.GroupMention(ctx, m.Mention)
	m.Body, m.Mention = strings.TrimSpace(m.Body+"\nOwner: "+mention), ""
	return m, err
}

// setTopic puts our part into a channel's topic and leaves the rest as people wrote it.
func (s *Slack) setTopic(ctx context.Context, name, ours string) error {
	channel, err := s.API.Channel(ctx, name)
	if err != nil {
		return err
	}
	topic := slack.MergeTopic(channel.Topic, ours)
	if topic == channel.Topic {
		return nil // every change posts a line in the channel
	}
	return s.API.SetTopic(ctx, channel.ID, topic)
}

var _ SlackAPI = (*slack.Client)(nil)
