// Package datadog is a thin adapter over the Datadog client library: events,
// logs, monitors and DORA records, with errors of ours. It makes no retries and
// never imports Temporal; what is said belongs into internal/words.
//
// Source of methods and fields: https://docs.datadoghq.com/api/latest.
package datadog

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	lib "github.com/DataDog/datadog-api-client-go/v2/api/datadog"
	"github.com/DataDog/datadog-api-client-go/v2/api/datadogV1"
	"github.com/DataDog/datadog-api-client-go/v2/api/datadogV2"

	"github.com/release-train/release-train/internal/train"
)

// Client speaks for one Datadog organisation.
type Client struct {
	keys   map[string]lib.APIKey
	app    string // where people look: the base of deep links
	now    func() time.Time
	auth   *datadogV1.AuthenticationApi
	events *datadogV1.EventsApi
	alerts *datadogV1.MonitorsApi
	search *datadogV2.EventsApi
	logs   *datadogV2.LogsApi
	dora   *datadogV2.DORAMetricsApi
}

// Options say where and as whom.
type Options struct {
	Site       string // DD_SITE; datadoghq.com when empty
	URL        string // replaces all servers, for the sandbox and tests; DD_URL
	APIKey     string
	AppKey     string
	HTTPClient *http.Client // for tests; nil: one with a time-out
}

// callWithin bounds one call.
const callWithin = 20 * time.Second

// New makes a client. It makes no call.
func New(o Options) *Client {
	site := cmp.Or(o.Site, "datadoghq.com")
	api, app := "https://api."+site, appURL(site)
	if o.URL != "" {
		api = strings.TrimSuffix(o.URL, "/")
		app = api
	}
	cfg := lib.NewConfiguration()
	cfg.HTTPClient = cmp.Or(o.HTTPClient, &http.Client{Timeout: callWithin, CheckRedirect: stay})
	cfg.RetryConfiguration.EnableRetry = false
	cfg.Servers = lib.ServerConfigurations{{URL: api}}
	cfg.OperationServers = nil // hosts of single operations, none of them ours
	a := lib.NewAPIClient(cfg)
	return &Client{
		keys: map[string]lib.APIKey{"apiKeyAuth": {Key: o.APIKey}, "appKeyAuth": {Key: o.AppKey}},
		app:  app, now: time.Now,
		auth: datadogV1.NewAuthenticationApi(a), events: datadogV1.NewEventsApi(a), alerts: datadogV1.NewMonitorsApi(a),
		search: datadogV2.NewEventsApi(a), logs: datadogV2.NewLogsApi(a), dora: datadogV2.NewDORAMetricsApi(a),
	}
}

// stay follows no redirect, because Go would send our keys along to any host.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// as adds the keys to a context, where the library looks for them.
func (c *Client) as(ctx context.Context) context.Context {
	return context.WithValue(ctx, lib.ContextAPIKeys, c.keys)
}

// call is what is tried, and the scope of the application key that it needs;
// without a scope the API key is enough.
type call struct{ tried, scope string }

// settle judges a call by its status. The library's own error is no measure:
// it also comes after a success whose answer it cannot decode.
func (c *Client) settle(what call, resp *http.Response, err error) error {
	if ok(resp) {
		return nil
	}
	return c.fault(what, resp, err)
}

func ok(resp *http.Response) bool { return resp != nil && resp.StatusCode/100 == 2 }

// read settles a call and reads its answer into v. It does not use the
// library's decoded answer, because that leaves out every object with a value
// it does not know: a firing monitor of a new type would be overlooked.
func (c *Client) read(what call, resp *http.Response, err error, v any) error {
	if err := c.settle(what, resp, err); err != nil {
		return err
	}
	if json.NewDecoder(resp.Body).Decode(v) != nil {
		return &train.Fault{
			System: "Datadog", Kind: train.FaultUnavailable, Tried: what.tried, Status: resp.StatusCode,
			Answer: "the answer cannot be read",
		}
	}
	return nil
}

// Validate checks the API key; the application key has no such check.
func (c *Client) Validate(ctx context.Context) error {
	what := call{tried: "check the API key"}
	_, resp, err := c.auth.Validate(c.as(ctx))
	defer closeBody(resp)
	var answer struct {
		Valid bool `json:"valid"`
	}
	err = c.read(what, resp, err, &answer)
	if train.FaultIs(err, train.FaultForbidden) || err == nil && !answer.Valid {
		return &train.Fault{
			System: "Datadog", Kind: train.FaultAuth, Tried: what.tried, Status: resp.StatusCode,
			Answer: "the key is not valid", Advice: adviceKey,
		}
	}
	return err
}

// closeBody closes what the library has read and put back.
func closeBody(resp *http.Response) {
	if resp != nil {
		_ = resp.Body.Close()
	}
}
