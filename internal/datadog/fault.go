package datadog

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	lib "github.com/DataDog/datadog-api-client-go/v2/api/datadog"

	"github.com/release-train/release-train/internal/train"
)

const adviceKey = "Check DD_API_KEY and DD_SITE"

// fault turns an answer or an error of the library into ours.
func (c *Client) fault(what call, resp *http.Response, err error) error {
	f := &train.Fault{System: "Datadog", Kind: train.FaultUnavailable, Tried: what.tried}
	if resp == nil {
		var broken *url.Error // its text holds the URL
		if errors.As(err, &broken) {
			if broken.Op == "parse" {
				f.Kind, f.Advice = train.FaultInvalid, "Check DD_URL and DD_SITE"
			}
			err = broken.Err
		}
		if err != nil {
			f.Answer = c.clean(err.Error())
		}
		return f
	}
	f.Status = resp.StatusCode
	f.Kind = kindOf(resp.StatusCode)
	var refused lib.GenericOpenAPIError
	if errors.As(err, &refused) {
		f.Answer = c.clean(errorText(refused.ErrorBody))
	}
	switch f.Kind {
	case train.FaultAuth, train.FaultForbidden:
		f.Advice = adviceKey
		if what.scope != "" {
			f.Advice = "Check DD_API_KEY, DD_APP_KEY and DD_SITE; the application key needs the scope " + what.scope
		}
	case train.FaultRateLimited:
		f.RetryAfter = retryAfter(resp.Header)
	default:
	}
	return f
}

func kindOf(status int) train.FaultKind {
	switch {
	case status == http.StatusUnauthorized:
		return train.FaultAuth
	case status == http.StatusForbidden:
		return train.FaultForbidden
	case status == http.StatusNotFound:
		return train.FaultNotFound
	case status == http.StatusConflict:
		return train.FaultConflict
	case status == http.StatusTooManyRequests:
		return train.FaultRateLimited
	case status == http.StatusRequestTimeout || status >= http.StatusInternalServerError:
		return train.FaultUnavailable
	}
	return train.FaultInvalid
}

// maxRetryAfter bounds what is believed; asking too early only costs another 429.
const maxRetryAfter = time.Hour

// retryAfter is how long to wait. Datadog says the seconds left, where GitLab
// says a Unix time under nearly the same name.
func retryAfter(h http.Header) time.Duration {
	for _, name := range []string{"X-RateLimit-Reset", "Retry-After"} {
		if seconds, err := strconv.ParseFloat(h.Get(name), 64); err == nil && seconds > 0 {
			return time.Duration(min(seconds, maxRetryAfter.Seconds()) * float64(time.Second))
		}
	}
	return 0
}

// errorText is what an error answer says: a list of texts in version 1, of
// texts or objects in version 2.
func errorText(body []byte) string {
	var answer struct {
		Errors []json.RawMessage `json:"errors"`
	}
	if json.Unmarshal(body, &answer) != nil || len(answer.Errors) == 0 {
		return string(body)
	}
	var texts []string
	for _, raw := range answer.Errors {
		var text string
		var item struct{ Title, Detail string }
		if json.Unmarshal(raw, &text) != nil && json.Unmarshal(raw, &item) == nil {
			text = strings.Trim(item.Title+": "+item.Detail, ": ")
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "; ")
}

const maxAnswer = 300

// clean makes a text fit for an error: one line, short, without our keys, which
// a proxy on the way may have echoed.
func (c *Client) clean(text string) string {
	for _, key := range c.keys {
		if key.Key != "" {
			text = strings.ReplaceAll(text, key.Key, "…")
		}
	}
	return clip(strings.Join(strings.Fields(text), " "), maxAnswer)
}
