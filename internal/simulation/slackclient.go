package main

import (
	"context"
	"net/http"
	"time"

	"github.com/release-train/release-train/activities"
	"github.com/release-train/release-train/internal/sandbox"
	"github.com/release-train/release-train/internal/slack"
	"github.com/release-train/release-train/internal/train"
)

// slackClients gives each task a client of its own, as if each ran on a fresh
// worker. The real client asks Slack with a lock held: a task that sleeps in
// virtual time with it would stop the whole simulation.
type slackClients struct{ http *http.Client }

var _ activities.SlackAPI = slackClients{}

func (s slackClients) of(ctx context.Context) *slack.Client {
	t := taskOf(ctx)
	if t.slack == nil {
		t.slack = slack.New(slack.Options{URL: sandbox.MemoryURL + "/api/", Token: sandbox.SlackToken, HTTPClient: s.http})
	}
	return t.slack
}

func (s slackClients) ChannelID(ctx context.Context, name string) (string, error) {
	return s.of(ctx).ChannelID(ctx, name)
}

func (s slackClients) Channel(ctx context.Context, name string) (slack.Channel, error) {
	return s.of(ctx).Channel(ctx, name)
}

func (s slackClients) GroupMention(ctx context.Context, handle string) (string, error) {
	return s.of(ctx).GroupMention(ctx, handle)
}

func (s slackClients) FindMessage(
	ctx context.Context,
	channel, thread, key string,
	oldest time.Time,
) (string, bool, error) {
	return s.of(ctx).FindMessage(ctx, channel, thread, key, oldest)
}

func (s slackClients) Post(ctx context.Context, p slack.Post) (string, error) {
	return s.of(ctx).Post(ctx, p)
}

func (s slackClients) Update(ctx context.Context, channel, ts string, m train.Message, key string) error {
	return s.of(ctx).Update(ctx, channel, ts, m, key)
}

func (s slackClients) SetTopic(ctx context.Context, channel, topic string) error {
	return s.of(ctx).SetTopic(ctx, channel, topic)
}
