package workflows

import (
	"strings"
	"time"

	"github.com/release-train/release-train/internal/train"
)

// slackWorld is what was delivered.
type slackWorld struct {
	back      time.Time // it does not answer before
	delivered []train.DeliverInput
}

func (w *world) answerSlack() {
	e := w.env
	on(w, slack.Deliver, func(in train.DeliverInput) (train.Delivered, error) {
		w.slack.delivered = append(w.slack.delivered, in)
		w.transcript.slack(in)
		return train.Delivered{TS: "1.1"}, nil
	}, func() time.Duration { return max(0, w.slack.back.Sub(e.Now())) })
}

// said is everything that was delivered to a channel, oldest first.
func (w *world) said(channel string) string {
	var lines []string
	for _, d := range w.slack.delivered {
		if d.Channel != channel {
			continue
		}
		if d.Card != nil {
			lines = append(lines, d.Card.Title, d.Card.Body)
		}
		for _, e := range d.Events {
			lines = append(lines, e.Message.Title, e.Message.Body, e.Message.Mention)
		}
		lines = append(lines, d.Topic)
	}
	return strings.Join(lines, "\n")
}
