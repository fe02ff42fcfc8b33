package slack

import (
	"strings"
	"unicode/utf8"

	lib "github.com/slack-go/slack"

	"github.com/release-train/release-train/internal/train"
)

// Sizes that Slack refuses beyond, in characters, with some air. All blocks of
// a message together are capped at about 13,200, below what is documented.
const (
	maxText    = 3000
	maxSection = 2900
	maxBlocks  = 11000
	maxTopic   = 250
)

// Blocks lays a message out: the title bold, the body in sections cut at line
// ends, the small print last.
func Blocks(m train.Message) []lib.Block {
	blocks := []lib.Block{section("*" + clip(m.Title, maxSection-2) + "*")}
	left := maxBlocks
	for _, part := range split(m.Body, maxSection) {
		if left -= utf8.RuneCountInString(part); left < 0 {
			blocks = append(blocks, section("… the rest does not fit into a Slack message."))
			break
		}
		blocks = append(blocks, section(part))
	}
	if m.Context != "" {
		text := lib.NewTextBlockObject(lib.MarkdownType, clip(m.Context, maxSection), false, false)
		blocks = append(blocks, lib.NewContextBlock("", text))
	}
	return blocks
}

func section(text string) lib.Block {
	return lib.NewSectionBlock(lib.NewTextBlockObject(lib.MarkdownType, text, false, false), nil, nil)
}

// split cuts a text at line ends into parts of at most limit characters.
func split(text string, limit int) []string {
	var parts []string
	var part string
	for _, line := range strings.Split(text, "\n") {
		line = clip(line, limit)
		if part != "" && utf8.RuneCountInString(part)+1+utf8.RuneCountInString(line) > limit {
			parts, part = append(parts, part), ""
		}
		if part != "" {
			part += "\n"
		}
		part += line
	}
	if strings.TrimSpace(part) != "" {
		parts = append(parts, part)
	}
	return parts
}

// clip cuts a text to at most limit characters, with an ellipsis.
func clip(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit-1]) + "…"
}

// Our part of a topic stands between these marks; what people wrote stays outside.
const (
	topicOpen  = "🚂 "
	topicClose = " 🚂"
)

// MergeTopic puts our part into a topic and keeps what people wrote around it;
// where both do not fit, theirs is cut.
func MergeTopic(current, ours string) string {
	before, rest, found := strings.Cut(current, topicOpen)
	after := ""
	if found {
		_, after, found = strings.Cut(rest, strings.TrimSpace(topicClose))
	}
	if !found {
		before, after = current, ""
	}
	ours = topicOpen + clip(strings.NewReplacer("🚂", "").Replace(ours),
		maxTopic-utf8.RuneCountInString(topicOpen+topicClose)) + topicClose
	theirs := strings.Join(strings.Fields(before+" "+after), " ")
	room := maxTopic - utf8.RuneCountInString(ours) - 1
	switch {
	case theirs == "" || room < 2:
		return ours
	default:
		return clip(theirs, room) + " " + ours
	}
}

// unescape undoes the escaping in which Slack stores and returns topics.
var unescaper = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

func unescape(s string) string { return unescaper.Replace(s) }
