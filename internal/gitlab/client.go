// Package gitlab is a thin adapter over the GitLab client library: one method,
// one call or one paginated listing, with types and errors of ours, so that the
// library can be swapped in one place. It makes no retries and never imports
// Temporal; recipes that need several calls belong into activities.
//
// Source of paths and fields: https://docs.gitlab.com/api/rest.
package gitlab

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	lib "github.com/xanzy/go-gitlab"
	"golang.org/x/time/rate"
)

// Client calls one GitLab instance.
type Client struct {
	api *lib.Client
}

// Options say which instance and as whom.
type Options struct {
	URL        string       // https://gitlab.com when empty
	Token      string       // a personal, group or project access token
	HTTPClient *http.Client // for tests; nil: one with a time-out
}

// callWithin bounds one HTTP call; it lies below every heartbeat time-out that
// guards short calls.
const callWithin = 30 * time.Second

// New makes a client. It makes no call.
func New(o Options) (*Client, error) {
	h := http.Client{Timeout: callWithin}
	if o.HTTPClient != nil {
		h = *o.HTTPClient
	}
	h.Transport = &capture{base: cmp.Or(h.Transport, http.DefaultTransport)}
	api, err := lib.NewClient(o.Token,
		lib.WithBaseURL(cmp.Or(o.URL, "https://gitlab.com")),
		lib.WithHTTPClient(&h),
		// The library repeats POSTs on 5xx by itself: a deploy would be played twice.
		lib.WithoutRetries(),
		// Its own limiter has a data race and blocks silently; GitLab's answers limit us.
		lib.WithCustomLimiter(rate.NewLimiter(rate.Inf, 0)),
	)
	if err != nil {
		return nil, fmt.Errorf("the GitLab address %q is not a URL: write for example https://gitlab.com", o.URL)
	}
	return &Client{api: api}, nil
}

// call runs one library call with the context's holder for the raw answer, and
// turns its error into a fault that says what was tried.
func call[T any](ctx context.Context, tried string, f func(opts ...lib.RequestOptionFunc) (T, *lib.Response,
	error)) (T, *lib.Response, error) {
	holder := &answer{}
	ctx = context.WithValue(ctx, answerKey{}, holder)
	v, resp, err := f(lib.WithContext(ctx))
	if err != nil {
		var none T
		return none, resp, fault(tried, holder, resp, err)
	}
	return v, resp, nil
}

// one is call without the response.
func one[T any](ctx context.Context, tried string, f func(opts ...lib.RequestOptionFunc) (T, *lib.Response, error)) (T,
	error) {
	v, _, err := call(ctx, tried, f)
	return v, err
}

// perPage is GitLab's largest page.
const perPage = 100

// pages reads a listing page by page until limit items (0: all) are there.
func pages[From, To any](ctx context.Context, tried string, limit int, convert func(From) To,
	page func(lib.ListOptions, ...lib.RequestOptionFunc) ([]From, *lib.Response, error),
) ([]To, error) {
	size := perPage
	if limit > 0 {
		size = min(limit, perPage)
	}
	var out []To
	for next := 1; next != 0; {
		items, resp, err := call(ctx, tried, func(opts ...lib.RequestOptionFunc) ([]From, *lib.Response, error) {
			return page(lib.ListOptions{Page: next, PerPage: size}, opts...)
		})
		if err != nil {
			return nil, err
		}
		for _, item := range items {
			if out = append(out, convert(item)); len(out) == limit {
				return out, nil
			}
		}
		next = resp.NextPage
		if len(items) == 0 {
			break // a server that promises pages without end
		}
	}
	return out, nil
}
