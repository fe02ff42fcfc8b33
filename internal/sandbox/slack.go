package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/release-train/release-train/internal/train"
)

// Methods, fields and error names: https://docs.slack.dev/reference/methods.

// slack is the state of the Slack workspace.
type slack struct {
	s        *Sandbox
	channels []*channel
	groups   []string // handles
	lastTS   int64    // microseconds
}

type channel struct {
	id, name, topic string // the topic as people read it
	messages        []*message
}

type message struct {
	ts, thread string
	text       string
	blocks     json.RawMessage
	metadata   json.RawMessage
	system     bool // written by Slack itself, e.g. "set the topic"
	broadcast  bool
	edits      int
	posted     time.Time
}

const (
	botUser = "U0RELEASE"
	botID   = "B0RELEASE"
	team    = "T0SANDBOX"
)

func newSlack(s *Sandbox) *slack {
	k := &slack{s: s}
	for _, name := range []string{"general", "random"} {
		k.addChannel(name)
	}
	return k
}

func (k *slack) addTrain(t train.Train) {
	for _, name := range t.Slack.Channels() {
		k.addChannel(strings.TrimPrefix(name, "#"))
	}
	handles := slices.Concat([]string{t.Slack.OnCall}, slices.Sorted(maps.Values(t.E2E.Owners)))
	for _, handle := range handles {
		if handle = strings.TrimPrefix(handle, "@"); !slices.Contains(k.groups, handle) {
			k.groups = append(k.groups, handle)
		}
	}
}

func (k *slack) addChannel(name string) {
	if !slices.ContainsFunc(k.channels, func(c *channel) bool { return c.name == name }) {
		k.channels = append(k.channels, &channel{id: fmt.Sprintf("C%08d", len(k.channels)+1), name: name})
	}
}

// failed is a refusal: its text is the error's name.
type failed string

func (f failed) Error() string { return string(f) }

// serve answers one call; like Slack it answers 200 to nearly everything.
func (k *slack) serve(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	if strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ") != SlackToken && r.Form.Get("token") != SlackToken {
		answer(w, http.StatusOK, map[string]any{"ok": false, "error": "invalid_auth"})
		return
	}
	method := strings.TrimPrefix(r.URL.Path, "/api/")
	h, ok := map[string]func(url.Values) (map[string]any, error){
		"auth.test":             k.authTest,
		"chat.postMessage":      k.post,
		"chat.update":           k.update,
		"conversations.list":    k.list,
		"conversations.info":    k.info,
		"conversations.history": k.history,
		"conversations.replies": k.replies,
		// the topic posts a line of its own
		"conversations.setTopic": k.setTopic,
		"usergroups.list":        k.listGroups,
	}[method]
	if !ok {
		answer(w, http.StatusOK, map[string]any{"ok": false, "error": "unknown_method"})
		return
	}
	k.s.locked(func() {
		out, err := h(r.Form)
		if err != nil {
			answer(w, http.StatusOK, map[string]any{"ok": false, "error": err.Error()})
			return
		}
		out["ok"] = true
		w.Header().Set("X-OAuth-Scopes",
			"chat:write,channels:read,groups:read,channels:history,groups:history,"+
				"channels:write.topic,groups:write.topic,usergroups:read")
		answer(w, http.StatusOK, out)
	})
}

func (k *slack) authTest(url.Values) (map[string]any, error) {
	return map[string]any{"url": "https://sandbox.slack.com/", "team": "Sandbox", "user": botName, "team_id": team,
		"user_id": botUser, "bot_id": botID}, nil
}

func (k *slack) channel(v url.Values) (*channel, error) {
	for _, c := range k.channels {
		if c.id == v.Get("channel") {
			return c, nil
		}
	}
	return nil, failed("channel_not_found")
}

// nextTS is a new, larger time stamp: a message's ID.
func (k *slack) nextTS() string {
	k.lastTS = max(k.lastTS+1, k.s.now().UnixMicro())
	return fmt.Sprintf("%d.%06d", k.lastTS/1e6, k.lastTS%1e6)
}

const (
	slackMaxText   = 40000
	slackMaxBlocks = 50
	slackMaxTopic  = 250
	// slackMaxAllBlocks is the undocumented cap on all blocks together, in characters.
	slackMaxAllBlocks = 13200
)

// fill puts what a call says into a message.
func (m *message) fill(v url.Values) error {
	m.text = v.Get("text")
	if utf8.RuneCountInString(m.text) > slackMaxText {
		return failed("msg_too_long")
	}
	if raw := v.Get("blocks"); raw != "" {
		var blocks []any
		if json.Unmarshal([]byte(raw), &blocks) != nil || len(blocks) > slackMaxBlocks {
			return failed("invalid_blocks")
		}
		if utf8.RuneCountInString(raw) > slackMaxAllBlocks {
			return failed("msg_blocks_too_long")
		}
		m.blocks = json.RawMessage(raw)
	}
	if m.text == "" && m.blocks == nil {
		return failed("no_text")
	}
	if raw := v.Get("metadata"); raw != "" {
		if !json.Valid([]byte(raw)) {
			return failed("invalid_metadata_format")
		}
		m.metadata = json.RawMessage(raw)
	}
	return nil
}

func (k *slack) post(v url.Values) (map[string]any, error) {
	c, err := k.channel(v)
	if err != nil {
		return nil, err
	}
	m := &message{posted: k.s.now(), thread: v.Get("thread_ts"), broadcast: v.Get("reply_broadcast") == "true"}
	if err := m.fill(v); err != nil {
		return nil, err
	}
	if m.thread != "" && c.find(m.thread) == nil {
		return nil, failed("thread_not_found")
	}
	m.ts = k.nextTS()
	c.messages = append(c.messages, m)
	return map[string]any{"channel": c.id, "ts": m.ts, "message": m.json(false)}, nil
}

func (c *channel) find(ts string) *message {
	for _, m := range c.messages {
		if m.ts == ts {
			return m
		}
	}
	return nil
}

func (k *slack) update(v url.Values) (map[string]any, error) {
	c, err := k.channel(v)
	if err != nil {
		return nil, err
	}
	m := c.find(v.Get("ts"))
	if m == nil || m.system {
		return nil, failed("message_not_found")
	}
	if err := m.fill(v); err != nil {
		return nil, err
	}
	m.edits++
	return map[string]any{"channel": c.id, "ts": m.ts, "text": m.text, "message": m.json(false)}, nil
}

func (m *message) json(metadata bool) map[string]any {
	out := map[string]any{"type": "message", "ts": m.ts, "text": m.text, "user": botUser, "bot_id": botID, "team": team}
	if m.system {
		out["subtype"] = "channel_topic"
	}
	if m.thread != "" {
		out["thread_ts"] = m.thread
	}
	if m.blocks != nil {
		out["blocks"] = m.blocks
	}
	if metadata && m.metadata != nil {
		out["metadata"] = m.metadata
	}
	return out
}

func (c *channel) json() map[string]any {
	escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(c.topic)
	return map[string]any{
		"id": c.id, "name": c.name, "is_channel": true, "is_member": true, "is_archived": false, "is_private": false,
		"topic":   map[string]any{"value": escaped, "creator": "", "last_set": 0},
		"purpose": map[string]any{"value": "", "creator": "", "last_set": 0},
	}
}

// cut is one page of a listing by cursor.
func cut[T any](v url.Values, all []T) (part []T, next string) {
	limit, err := strconv.Atoi(v.Get("limit"))
	if err != nil || limit <= 0 || limit > 1000 {
		limit = 100
	}
	from := 0
	if raw, err := base64.StdEncoding.DecodeString(v.Get("cursor")); err == nil {
		from, _ = strconv.Atoi(string(raw))
	}
	from = min(max(from, 0), len(all))
	to := min(from+limit, len(all))
	if to < len(all) {
		next = base64.StdEncoding.EncodeToString([]byte(strconv.Itoa(to)))
	}
	return all[from:to], next
}

func (k *slack) list(v url.Values) (map[string]any, error) {
	part, next := cut(v, k.channels)
	out := []map[string]any{}
	for _, c := range part {
		out = append(out, c.json())
	}
	return map[string]any{"channels": out, "response_metadata": map[string]any{"next_cursor": next}}, nil
}

func (k *slack) info(v url.Values) (map[string]any, error) {
	c, err := k.channel(v)
	if err != nil {
		return nil, err
	}
	return map[string]any{"channel": c.json()}, nil
}

func (k *slack) history(v url.Values) (map[string]any, error) {
	return k.read(v, func(m *message) bool { return m.thread == "" || m.broadcast }, true)
}

func (k *slack) replies(v url.Values) (map[string]any, error) {
	c, err := k.channel(v)
	if err != nil {
		return nil, err
	}
	root := v.Get("ts")
	if c.find(root) == nil {
		return nil, failed("thread_not_found")
	}
	return k.read(v, func(m *message) bool { return m.ts == root || m.thread == root }, false)
}

func (k *slack) read(v url.Values, wanted func(*message) bool, newestFirst bool) (map[string]any, error) {
	c, err := k.channel(v)
	if err != nil {
		return nil, err
	}
	var found []*message
	for _, m := range c.messages {
		if wanted(m) && m.ts >= v.Get("oldest") {
			found = append(found, m)
		}
	}
	if newestFirst {
		slices.Reverse(found)
	}
	part, next := cut(v, found)
	out := []map[string]any{}
	for _, m := range part {
		out = append(out, m.json(v.Get("include_all_metadata") == "true" || v.Get("include_all_metadata") == "1"))
	}
	return map[string]any{"messages": out, "has_more": next != "",
		"response_metadata": map[string]any{"next_cursor": next}}, nil
}

func (k *slack) setTopic(v url.Values) (map[string]any, error) {
	c, err := k.channel(v)
	if err != nil {
		return nil, err
	}
	topic := v.Get("topic")
	if utf8.RuneCountInString(topic) > slackMaxTopic {
		return nil, failed("too_long")
	}
	c.topic = topic
	c.messages = append(c.messages,
		&message{ts: k.nextTS(), system: true, text: "set the channel topic: " + topic, posted: k.s.now()})
	return map[string]any{"channel": c.json()}, nil
}

func (k *slack) listGroups(url.Values) (map[string]any, error) {
	out := []map[string]any{}
	for i, handle := range k.groups {
		out = append(out, map[string]any{"id": fmt.Sprintf("S%08d", i+1), "team_id": team, "is_usergroup": true,
			"name": handle, "handle": handle})
	}
	return map[string]any{"usergroups": out}, nil
}
