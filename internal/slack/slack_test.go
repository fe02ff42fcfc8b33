package slack

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/quick"
	"time"
	"unicode/utf8"

	lib "github.com/slack-go/slack"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/release-train/release-train/internal/train"
)

const token = "xoxb-very-secret"

// serve answers every call and keeps what was sent, by method.
func serve(t *testing.T, h http.HandlerFunc) (*Client, func(method string) []string) {
	t.Helper()
	var mu sync.Mutex
	sent := map[string][]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.NoError(t, r.ParseForm())
		mu.Lock()
		method := strings.TrimPrefix(r.URL.Path, "/api/")
		for key := range r.Form {
			sent[method] = append(sent[method], key)
		}
		mu.Unlock()
		h(w, r)
	}))
	t.Cleanup(server.Close)
	return New(Options{Token: token, URL: server.URL + "/api/"}), func(method string) []string {
		mu.Lock()
		defer mu.Unlock()
		return sent[method]
	}
}

func TestARefusalIsAFaultOfTheRightKind(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		header string
		body   string
		kind   train.FaultKind
		says   string
	}{
		"invited nowhere": {200, "", `{"ok":false,"error":"not_in_channel"}`, train.FaultForbidden, "/invite"},
		"no such channel": {200, "", `{"ok":false,"error":"channel_not_found"}`,
			train.FaultNotFound, "channel_not_found"},
		"archived": {200, "", `{"ok":false,"error":"is_archived"}`, train.FaultForbidden, "is_archived"},
		"scope": {200, "", `{"ok":false,"error":"missing_scope","needed":"chat:write","provided":"users:read"}`,
			train.FaultForbidden, "chat:write"},
		"token":               {200, "", `{"ok":false,"error":"invalid_auth"}`, train.FaultAuth, "SLACK_BOT_TOKEN"},
		"bad blocks":          {200, "", `{"ok":false,"error":"invalid_blocks"}`, train.FaultInvalid, "invalid_blocks"},
		"perhaps it happened": {200, "", `{"ok":false,"error":"fatal_error"}`, train.FaultUnavailable, "fatal_error"},
		"limited in a 200":    {200, "", `{"ok":false,"error":"ratelimited"}`, train.FaultRateLimited, "ratelimited"},
		"limited":             {429, "30", ``, train.FaultRateLimited, "429"},
		"limited, no header":  {429, "", ``, train.FaultRateLimited, "429"},
		"down":                {503, "", ``, train.FaultUnavailable, "503"},
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				calls++
				if tt.header != "" {
					w.Header().Set("Retry-After", tt.header)
				}
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			})
			_, err := c.Post(t.Context(), Post{ChannelID: "C1", Message: train.Message{Title: "hello"}, Key: "k"})
			var f *train.Fault
			require.ErrorAs(t, err, &f)
			assert.Equal(t, tt.kind, f.Kind)
			assert.Contains(t, err.Error(), tt.says)
			assert.NotContains(t, err.Error(), token)
			assert.Equal(t, 1, calls, "no hidden retries")
			if tt.header != "" {
				assert.Equal(t, 30*time.Second, f.RetryAfter)
			}
		})
	}
}

func TestChannelNamesAreResolvedOnceOverAllPages(t *testing.T) {
	calls := 0
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		calls++
		if r.Form.Get("cursor") == "" {
			_, _ = w.Write([]byte(`{"ok":true,"channels":[{"id":"C1","name":"general"}],"response_metadata":{"next_cursor":"two"}}`))
			return
		}
		_, _ = w.Write([]byte(`{"ok":true,"channels":[{"id":"C2","name":"deploy-staging"}],"response_metadata":{"next_cursor":""}}`))
	})
	for range 3 {
		id, err := c.ChannelID(t.Context(), "#deploy-staging")
		require.NoError(t, err)
		assert.Equal(t, "C2", id)
	}
	assert.Equal(t, 2, calls)
	_, err := c.ChannelID(t.Context(), "#nowhere")
	require.ErrorContains(t, err, "#nowhere")
	assert.Equal(t, 2, calls, "a missing name is not looked up again within a minute")
	c.now = func() time.Time { return time.Now().Add(2 * time.Minute) }
	_, err = c.ChannelID(t.Context(), "#nowhere")
	require.Error(t, err)
	assert.Equal(t, 4, calls)
}

func TestATopicKeepsWhatPeopleWroteAndReplacesOurPart(t *testing.T) {
	first := MergeTopic("Ask in #help", "Release 1")
	assert.Equal(t, "Ask in #help 🚂 Release 1 🚂", first)
	assert.Equal(t, "Ask in #help 🚂 Release 2 🚂", MergeTopic(first, "Release 2"))
	assert.Equal(t, "🚂 Release 1 🚂", MergeTopic("", "Release 1"))
	assert.Equal(t, "Ask in #help more 🚂 Release 2 🚂", MergeTopic("Ask in #help 🚂 Release 1 🚂 more", "Release 2"))
}

func TestATopicFitsAndMergingTwiceChangesNothing(t *testing.T) {
	property := func(theirs, ours string) bool {
		once := MergeTopic(theirs, ours)
		return utf8.RuneCountInString(once) <= maxTopic && MergeTopic(once, ours) == once
	}
	require.NoError(t, quick.Check(property, nil))
	long := strings.Repeat("long ", 80)
	merged := MergeTopic(long, "Release 1 https://gitlab.com/releases/1")
	assert.LessOrEqual(t, utf8.RuneCountInString(merged), maxTopic)
	assert.Contains(t, merged, "Release 1 https://gitlab.com/releases/1")
}

func TestALongMessageStaysWithinSlacksLimits(t *testing.T) {
	m := train.Message{Title: strings.Repeat("ü", 5000), Body: strings.Repeat("a line of text\n", 3000),
		Context: strings.Repeat("x", 4000)}
	blocks := Blocks(m)
	assert.LessOrEqual(t, len(blocks), 50)
	raw, err := json.Marshal(blocks)
	require.NoError(t, err)
	all := 0
	for _, b := range blocks {
		if s, ok := b.(*lib.SectionBlock); ok {
			assert.LessOrEqual(t, utf8.RuneCountInString(s.Text.Text), 3000)
			all += utf8.RuneCountInString(s.Text.Text)
		}
	}
	assert.Less(t, all, 20000)
	assert.Contains(t, string(raw), "does not fit")
}

func TestTheSmallestMessageIsOneBlock(t *testing.T) {
	assert.Len(t, Blocks(train.Message{Title: "hello"}), 1)
}

func contracts(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("RELEASE_TRAIN_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	dir = filepath.Join(dir, "contracts")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("shared contracts not found: " + dir)
	}
	return dir
}

func TestEveryArgumentThatIsSentIsInSlacksReference(t *testing.T) {
	dir := contracts(t)
	c, sent := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/conversations.list":
			_, _ = w.Write([]byte(`{"ok":true,"channels":[{"id":"C1","name":"general"}]}`))
		case "/api/conversations.info", "/api/conversations.setTopic":
			_, _ = w.Write([]byte(`{"ok":true,"channel":{"id":"C1","name":"general","topic":{"value":"a &amp; b"}}}`))
		default:
			_, _ = w.Write([]byte(`{"ok":true,"ts":"1.1","channel":"C1","messages":[],"usergroups":[],"user_id":"U1"}`))
		}
	})
	ctx := t.Context()
	_, err := c.AuthTest(ctx)
	require.NoError(t, err)
	channel, err := c.Channel(ctx, "#general")
	require.NoError(t, err)
	assert.Equal(t, "a & b", channel.Topic)
	_, err = c.GroupMention(ctx, "@nobody")
	require.NoError(t, err)
	_, err = c.Post(ctx, Post{ChannelID: "C1", ThreadTS: "1.0", Broadcast: true,
		Message: train.Message{Title: "t"}, Key: "k"})
	require.NoError(t, err)
	require.NoError(t, c.Update(ctx, "C1", "1.1", train.Message{Title: "t"}, "k"))
	require.NoError(t, c.SetTopic(ctx, "C1", "topic"))
	for _, thread := range []string{"", "1.0"} {
		_, _, err = c.FindMessage(ctx, "C1", thread, "k", time.Now())
		require.NoError(t, err)
	}
	for _, method := range []string{
		"auth.test", "conversations.list", "conversations.info", "usergroups.list", "chat.postMessage", "chat.update",
		"conversations.setTopic", "conversations.history", "conversations.replies",
	} {
		raw, err := os.ReadFile(filepath.Join(dir, "slack", "slack-api-ref", method+".json"))
		require.NoError(t, err)
		var ref struct {
			Args map[string]any `json:"args"`
		}
		require.NoError(t, json.Unmarshal(raw, &ref), method)
		for _, arg := range sent(method) {
			if arg != "token" {
				assert.Contains(t, ref.Args, arg, "%s has no argument %s", method, arg)
			}
		}
	}
}
