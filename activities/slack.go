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

// Deliver posts a message, or edits the one whose time stamp is known. Slack
// has no idempotency key for posts: every try but the first looks for a message
// with the same key in its metadata before it posts.
func (s *Slack) Deliver(ctx context.Context, in train.DeliverInput) (train.Delivered, error) {
	channel, err := s.API.ChannelID(ctx, in.Channel)
	if err != nil {
		return train.Delivered{}, mendable(err)
	}
	if in.Message, err = s.mention(ctx, in.Message); err != nil {
		return train.Delivered{}, mendable(err)
	}
	if in.TS != "" {
		return train.Delivered{TS: in.TS}, mendable(s.API.Update(ctx, channel, in.TS, in.Message, in.Key))
	}
	if activity.GetInfo(ctx).Attempt > 1 {
		ts, found, err := s.API.FindMessage(ctx, channel, in.ThreadTS, in.Key, in.Since.Add(-time.Minute))
		if err != nil || found {
			return train.Delivered{TS: ts}, mendable(err)
		}
	}
	ts, err := s.API.Post(ctx, slack.Post{ChannelID: channel, ThreadTS: in.ThreadTS, Broadcast: in.Broadcast, Message: in.Message, Key: in.Key})
	return train.Delivered{TS: ts}, mendable(err)
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

// SetTopic puts our part into a channel's topic and leaves the rest as people wrote it.
func (s *Slack) SetTopic(ctx context.Context, in train.SetTopicInput) (train.Done, error) {
	channel, err := s.API.Channel(ctx, in.Channel)
	if err != nil {
		return train.Done{}, mendable(err)
	}
	topic := slack.MergeTopic(channel.Topic, in.Topic)
	if topic == channel.Topic {
		return train.Done{}, nil // every change posts a line in the channel
	}
	return train.Done{}, mendable(s.API.SetTopic(ctx, channel.ID, topic))
}

var _ SlackAPI = (*slack.Client)(nil)
