package datadog

import (
	"cmp"
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/DataDog/datadog-api-client-go/v2/api/datadogV1"
	"github.com/DataDog/datadog-api-client-go/v2/api/datadogV2"
)

// Event is something that people see in the event explorer and over graphs.
type Event struct {
	Title          string
	Text           string // Markdown
	AlertType      string // error, warning, info or success; info when empty
	AggregationKey string // groups events
	Tags           []string
	At             time.Time // now when zero
}

const (
	maxTitle          = 500
	maxText           = 4000
	maxAggregationKey = 100
	// Markdown must be marked as such.
	markdownBegin, markdownEnd = "%%% \n", "\n %%%"
	// Datadog refuses events older than 18 hours or over 2 hours ahead; then the
	// time of arrival has to do.
	maxAge, maxAhead = 17 * time.Hour, time.Hour
)

// PostEvent posts an event and returns its page. Datadog knows no idempotency:
// a repeat makes a second event, which the aggregation key groups with the first.
func (c *Client) PostEvent(ctx context.Context, e Event) (url string, err error) {
	what := call{tried: "post the event " + strconv.Quote(clip(e.Title, 80))}
	_, resp, err := c.events.CreateEvent(c.as(ctx), c.request(e))
	defer closeBody(resp)
	if err := c.settle(what, resp, err); err != nil {
		return "", err
	}
	var answer struct {
		Event struct {
			IDStr string `json:"id_str"`
			URL   string `json:"url"`
		} `json:"event"`
	}
	if json.NewDecoder(resp.Body).Decode(&answer) != nil {
		return "", nil // it was posted all the same
	}
	if url = answer.Event.URL; strings.HasPrefix(url, "/") {
		url = c.app + url
	}
	return cmp.Or(url, c.eventURL(answer.Event.IDStr)), nil
}

func (c *Client) request(e Event) datadogV1.EventCreateRequest {
	kind := datadogV1.EventAlertType(cmp.Or(e.AlertType, "info"))
	text := markdownBegin + clip(e.Text, maxText-len(markdownBegin)-len(markdownEnd)) + markdownEnd
	r := datadogV1.EventCreateRequest{Title: clip(e.Title, maxTitle), Text: text, AlertType: &kind, Tags: e.Tags}
	if e.AggregationKey != "" {
		r.SetAggregationKey(shorten(e.AggregationKey, maxAggregationKey))
	}
	if age := c.now().Sub(e.At); age < maxAge && age > -maxAhead {
		r.SetDateHappened(e.At.Unix())
	}
	return r
}

// FoundEvent is an event as the search shows it.
type FoundEvent struct {
	Title string
	URL   string // its page; may be empty
	At    time.Time
}

// FindEvents searches events, newest first. Events are found some seconds after
// they were posted, so a miss proves nothing.
func (c *Client) FindEvents(ctx context.Context, query string, from, to time.Time, limit int) ([]FoundEvent, error) {
	request := datadogV2.NewEventsListRequest()
	request.SetFilter(datadogV2.EventsQueryFilter{Query: &query, From: millis(from), To: millis(to)})
	request.SetPage(datadogV2.EventsRequestPage{Limit: pageLimit(limit)})
	request.SetSort(datadogV2.EVENTSSORT_TIMESTAMP_DESCENDING)
	_, resp, err := c.search.SearchEvents(c.as(ctx), *datadogV2.NewSearchEventsOptionalParameters().WithBody(*request))
	defer closeBody(resp)
	var answer struct {
		Data []struct {
			Attributes struct {
				Attributes struct {
					Title string `json:"title"`
					Evt   struct {
						ID string `json:"id"`
					} `json:"evt"`
				} `json:"attributes"`
				Message   string    `json:"message"`
				Timestamp time.Time `json:"timestamp"`
			} `json:"attributes"`
		} `json:"data"`
	}
	if err := c.read(call{"search the events", "events_read"}, resp, err, &answer); err != nil {
		return nil, err
	}
	var found []FoundEvent
	for _, d := range answer.Data {
		a := d.Attributes
		found = append(found, FoundEvent{Title: cmp.Or(a.Attributes.Title, a.Message),
			URL: c.eventURL(a.Attributes.Evt.ID), At: a.Timestamp})
	}
	return found, nil
}

// millis is an instant as searches take it.
func millis(t time.Time) *string {
	s := strconv.FormatInt(t.UnixMilli(), 10)
	return &s
}

// maxPage is the most that one search gives.
const maxPage = 1000

func pageLimit(n int) *int32 {
	limit := int32(min(max(n, 1), maxPage))
	return &limit
}
