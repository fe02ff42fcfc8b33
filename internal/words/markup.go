package words

import (
	"fmt"
	"strings"
	"time"
)

// Markup writes one answer for one kind of reader.
type Markup struct {
	Bold   func(text string) string
	Code   func(text string) string
	Link   func(text, url string) string
	Escape func(foreign string) string
	// Break ends a line.
	Break string
}

func same(s string) string { return s }

// Plain is for terminals.
var Plain = Markup{
	Bold:   same,
	Code:   same,
	Escape: same,
	Link:   func(text, url string) string { return text + " " + url },
	Break:  "\n",
}

// Markdown is for the Temporal Web UI.
var Markdown = Markup{
	Bold:   func(s string) string { return "**" + s + "**" },
	Code:   func(s string) string { return "`" + s + "`" },
	Escape: strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "<", `\<`).Replace,
	Link:   func(text, url string) string { return "[" + text + "](" + url + ")" },
	Break:  "\n\n", // a single one would join the lines
}

// mrkdwn is for Slack.
var mrkdwn = Markup{
	Bold:   func(s string) string { return "*" + s + "*" },
	Code:   func(s string) string { return "`" + s + "`" },
	Escape: strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace,
	Link:   func(text, url string) string { return "<" + url + "|" + text + ">" },
	Break:  "\n",
}

// link is text alone when there is no page to link.
func (m Markup) link(text, url string) string {
	if url == "" {
		return text
	}
	return m.Link(text, url)
}

// tag writes a tag: as a link where it has a page, else as code. Slack shows no
// code inside of links.
func (m Markup) tag(name, url string) string {
	if url == "" {
		return m.Code(name)
	}
	return m.Link(name, url)
}

// When writes an instant in the train's zone and in UTC:
// "Tue 24 Nov 11:00 EST (16:00 UTC)". Seconds appear only in rehearsals, whose
// instants do not fall on minutes.
func When(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return "an open end"
	}
	clock := "15:04"
	if t.Second() != 0 {
		clock = "15:04:05"
	}
	return fmt.Sprintf("%s (%s)", t.In(zone).Format("Mon 2 Jan "+clock+" MST"), t.UTC().Format(clock+" UTC"))
}

// span writes how long something took, in the two largest units.
func span(d time.Duration) string {
	switch d = d.Round(time.Second); {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm %ds", d/time.Minute, d%time.Minute/time.Second)
	default:
		return fmt.Sprintf("%dh %dm", d/time.Hour, d%time.Hour/time.Minute)
	}
}

// Plural writes a count with its noun: "1 commit", "3 commits".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
