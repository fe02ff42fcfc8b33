package gitlab

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	lib "github.com/xanzy/go-gitlab"

	"github.com/release-train/release-train/internal/train"
)

// answer is what the library does not hand on of a refused call: the body of a
// 404 and the headers of a rate limit.
type answer struct {
	status int
	body   string
	header http.Header
}

type answerKey struct{}

// capture keeps the answer of a refused call in the context's holder.
type capture struct{ base http.RoundTripper }

// keptBody bounds what is kept of a refusal.
const keptBody = 64 << 10

func (c *capture) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := c.base.RoundTrip(req)
	if err != nil || resp.StatusCode < http.StatusBadRequest {
		return resp, err
	}
	body, readErr := io.ReadAll(io.LimitReader(resp.Body, keptBody))
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if holder, ok := req.Context().Value(answerKey{}).(*answer); ok && readErr == nil {
		*holder = answer{status: resp.StatusCode, body: string(body), header: resp.Header}
	}
	return resp, nil
}

// fault turns an error of the library into ours. A decoding error after a
// success keeps the status of success: the write has taken effect.
func fault(tried string, a *answer, resp *lib.Response, err error) error {
	f := &train.Fault{System: "GitLab", Tried: tried, Status: a.status}
	if a.status == 0 {
		return noAnswer(f, resp, err)
	}
	f.Answer = message(a.body)
	f.Kind, f.Advice = judge(a.status, f.Answer)
	if f.Kind == train.FaultRateLimited {
		f.RetryAfter = retryAfter(a.header)
	}
	return f
}

// noAnswer is a call that broke before or after GitLab answered.
func noAnswer(f *train.Fault, resp *lib.Response, err error) error {
	f.Kind = train.FaultUnavailable
	var broken *url.Error // its text holds the URL
	if errors.As(err, &broken) {
		err = broken.Err
	}
	f.Answer = err.Error()
	if resp != nil && resp.Response != nil {
		f.Status = resp.StatusCode
		f.Answer = "an answer that cannot be read: " + f.Answer
	}
	return f
}

// judge decides what a refusal means. The texts are GitLab's own; see
// lib/api in its source.
func judge(status int, text string) (kind train.FaultKind, advice string) {
	has := func(s string) bool { return strings.Contains(text, s) }
	switch {
	case status == http.StatusTooManyRequests, has("Too many pipelines created"):
		return train.FaultRateLimited, ""
	case has("already exists"), status == http.StatusConflict, has("Unplayable Job"):
		return train.FaultConflict, ""
	case has("Insufficient permissions to set pipeline variables"):
		return train.FaultForbidden, "Let the bot's role set pipeline variables in the project's CI/CD settings"
	case status == http.StatusUnauthorized:
		return train.FaultAuth, "Check GITLAB_TOKEN: it is missing, wrong or expired"
	case status == http.StatusForbidden:
		return train.FaultForbidden, "Check the role and scopes of GITLAB_TOKEN's user"
	case status == http.StatusNotFound:
		return train.FaultNotFound, ""
	case status >= http.StatusInternalServerError:
		return train.FaultUnavailable, ""
	}
	return train.FaultInvalid, ""
}

// defaultPause is GitLab's advice for limits that come without a header.
const defaultPause = time.Minute

func retryAfter(h http.Header) time.Duration {
	if s, err := strconv.Atoi(h.Get("Retry-After")); err == nil && s > 0 {
		return time.Duration(s) * time.Second
	}
	if at, err := strconv.ParseInt(h.Get("RateLimit-Reset"), 10, 64); err == nil { // unix time
		if d := time.Until(time.Unix(at, 0)); d > 0 {
			return d
		}
	}
	return defaultPause
}

// shownAnswer bounds what people are shown of an answer, in bytes.
const shownAnswer = 300

// message is the text of an error body: {"message": …}, {"error": …} or plain.
func message(body string) string {
	var fields struct {
		Message     any    `json:"message"`
		Error       any    `json:"error"`
		Description string `json:"error_description"`
	}
	text := body
	if json.Unmarshal([]byte(body), &fields) == nil {
		text = cmp.Or(fields.Description, flat(fields.Message), flat(fields.Error), body)
	}
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > shownAnswer {
		text = strings.ToValidUTF8(text[:shownAnswer], "") + "…"
	}
	return text
}

// flat writes {"base": ["text"]} as "base: text".
func flat(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []any:
		var parts []string
		for _, e := range v {
			parts = append(parts, flat(e))
		}
		return strings.Join(parts, ", ")
	case map[string]any:
		var parts []string
		for k, e := range v {
			parts = append(parts, k+": "+flat(e))
		}
		return strings.Join(parts, "; ")
	default:
		return fmt.Sprint(v)
	}
}
