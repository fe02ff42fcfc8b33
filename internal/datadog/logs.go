package datadog

import (
	"context"
	"encoding/json"
	"time"

	"github.com/DataDog/datadog-api-client-go/v2/api/datadogV2"

	"github.com/release-train/release-train/internal/train"
)

const logsScope = "logs_read_data"

// CountLogs counts the logs that a query finds, in one call: organisations have
// few of these calls an hour.
func (c *Client) CountLogs(ctx context.Context, query string, from, to time.Time) (int, error) {
	what := call{"count the logs", logsScope}
	request := datadogV2.NewLogsAggregateRequest()
	request.SetFilter(datadogV2.LogsQueryFilter{Query: &query, From: millis(from), To: millis(to)})
	request.SetCompute([]datadogV2.LogsCompute{*datadogV2.NewLogsCompute(datadogV2.LOGSAGGREGATIONFUNCTION_COUNT)})
	_, resp, err := c.logs.AggregateLogs(c.as(ctx), *request)
	defer closeBody(resp)
	var answer struct {
		Data struct {
			Buckets []struct {
				Computes map[string]json.Number `json:"computes"`
			} `json:"buckets"`
		} `json:"data"`
		Meta struct {
			Status string `json:"status"`
		} `json:"meta"`
	}
	if err := c.read(what, resp, err, &answer); err != nil {
		return 0, err
	}
	if answer.Meta.Status == "timeout" { // counted in part: too few errors would look like health
		return 0, &train.Fault{System: "Datadog", Kind: train.FaultUnavailable, Tried: what.tried, Status: resp.StatusCode,
			Answer: "the query timed out"}
	}
	total := 0.0
	for _, b := range answer.Data.Buckets {
		n, _ := b.Computes["c0"].Float64() // the first and only thing computed
		total += n
	}
	return int(total), nil
}

// Log is one line of a service's log.
type Log struct {
	At      time.Time
	Service string
	Message string
}

// Logs are the newest logs that a query finds, newest first, up to 1000.
func (c *Client) Logs(ctx context.Context, query string, from, to time.Time, limit int) ([]Log, error) {
	request := datadogV2.NewLogsListRequest()
	request.SetFilter(datadogV2.LogsQueryFilter{Query: &query, From: millis(from), To: millis(to)})
	request.SetPage(datadogV2.LogsListRequestPage{Limit: pageLimit(limit)})
	request.SetSort(datadogV2.LOGSSORT_TIMESTAMP_DESCENDING)
	_, resp, err := c.logs.ListLogs(c.as(ctx), *datadogV2.NewListLogsOptionalParameters().WithBody(*request))
	defer closeBody(resp)
	var answer struct {
		Data []struct {
			Attributes struct {
				Timestamp time.Time `json:"timestamp"`
				Service   string    `json:"service"`
				Message   string    `json:"message"`
			} `json:"attributes"`
		} `json:"data"`
	}
	if err := c.read(call{"read the logs", logsScope}, resp, err, &answer); err != nil {
		return nil, err
	}
	var logs []Log
	for _, d := range answer.Data {
		logs = append(logs, Log{At: d.Attributes.Timestamp, Service: d.Attributes.Service, Message: d.Attributes.Message})
	}
	return logs, nil
}
