package words

import (
	"fmt"
	"time"

	"github.com/release-train/release-train/internal/train"
)

func holdLine(h train.Hold, m Markup, zone *time.Location) string {
	s := m.link(m.Escape(h.Reason), h.Link) + ", since " + When(h.Since, zone)
	if h.By != "" {
		s += ", by " + m.Escape(h.By)
	}
	if !h.Until.IsZero() {
		s += ", until " + When(h.Until, zone)
	}
	return s
}

func changelogLine(c train.ChangelogDigest, m Markup) string {
	if c.URL == "" {
		return ""
	}
	s := fmt.Sprintf("%s since %s, %s, %s", m.Link(Plural(c.Commits, "commit"), c.URL), m.Escape(c.From),
		Plural(c.Requests, "merge request"), m.link("compare", c.CompareURL))
	if c.Fallback != "" {
		s += " (" + m.Escape(c.Fallback) + ")"
	}
	return s
}

// DeliveryTitles are the titles of all that a delivery holds.
func DeliveryTitles(d train.DeliverInput) []string {
	var titles []string
	if d.Card != nil {
		titles = append(titles, d.Card.Title)
	}
	for _, e := range d.Events {
		titles = append(titles, e.Message.Title)
	}
	if d.Topic != "" {
		titles = append(titles, d.Topic)
	}
	return titles
}

// removedLine says which commits the candidate takes out of production; empty: none.
func removedLine(removed train.Difference, m Markup) string {
	if removed.Count == 0 {
		return ""
	}
	return m.Escape(differenceWords(removed)) + ", as was acknowledged"
}

// DeliveryTitle says in one line what a delivery is about.
func DeliveryTitle(d train.DeliverInput) string {
	switch {
	case len(d.Events) > 0:
		return d.Events[len(d.Events)-1].Message.Title
	case d.Card != nil:
		return d.Card.Title
	}
	return d.Topic
}
