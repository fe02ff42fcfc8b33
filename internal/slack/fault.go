package slack

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	lib "github.com/slack-go/slack"

	"github.com/release-train/release-train/internal/train"
)

// fault turns an error of the library into ours.
func fault(tried string, err error) error {
	f := &train.Fault{System: "Slack", Kind: train.FaultUnavailable, Tried: tried}
	var limited *lib.RateLimitedError
	var refused lib.SlackErrorResponse
	var status lib.StatusCodeError
	switch {
	case errors.As(err, &limited):
		f.Kind, f.Status, f.RetryAfter = train.FaultRateLimited, http.StatusTooManyRequests, limited.RetryAfter
	case errors.As(err, &refused):
		f.Answer = refused.Err
		f.Kind, f.Advice = judge(refused)
	case errors.As(err, &status):
		f.Status = status.Code
		if status.Code == http.StatusTooManyRequests {
			f.Kind = train.FaultRateLimited
		} else if status.Code < http.StatusInternalServerError {
			f.Kind = train.FaultInvalid
		}
	default:
		var broken *url.Error // its text holds the URL
		if errors.As(err, &broken) {
			err = broken.Err
		}
		f.Answer = err.Error()
	}
	return f
}

// judge decides what an error name means. Names: each method's page in Slack's
// reference.
func judge(r lib.SlackErrorResponse) (kind train.FaultKind, advice string) {
	switch r.Err {
	case "ratelimited", "rate_limited":
		return train.FaultRateLimited, ""
	case "fatal_error", "internal_error", "service_unavailable", "request_timeout", "team_added_to_org":
		return train.FaultUnavailable, "" // it may have taken effect
	case "not_authed", "invalid_auth", "account_inactive", "token_revoked", "token_expired", "no_permission":
		return train.FaultAuth, "Check SLACK_BOT_TOKEN"
	case "missing_scope":
		return train.FaultForbidden, "Add the scope " + r.Needed + " to the Slack app and install it again"
	case "not_in_channel":
		return train.FaultForbidden, "Invite the bot to the channel: /invite"
	case "is_archived", "restricted_action", "user_is_restricted", "ekm_access_denied":
		return train.FaultForbidden, "Ask an administrator of the workspace"
	case "channel_not_found", "message_not_found", "thread_not_found":
		return train.FaultNotFound, ""
	case "already_reacted", "already_in_channel":
		return train.FaultConflict, ""
	}
	return train.FaultInvalid, strings.Join(r.ResponseMetadata.Messages, "; ")
}
