package datadog

import (
	"context"
	"strings"

	"github.com/DataDog/datadog-api-client-go/v2/api/datadogV1"
)

// Monitor is a monitor that fires.
type Monitor struct {
	ID     int64
	Name   string
	Status string // Alert or Warn
	URL    string
}

const (
	firing       = "status:(alert OR warn)"
	monitorsPage = 100
)

// FiringMonitors are the monitors of a query that alert or warn, up to 100.
func (c *Client) FiringMonitors(ctx context.Context, query string) ([]Monitor, error) {
	params := datadogV1.NewSearchMonitorsOptionalParameters().WithQuery(strings.TrimSpace(query + " " +
		firing)).WithPerPage(monitorsPage)
	_, resp, err := c.alerts.SearchMonitors(c.as(ctx), *params)
	defer closeBody(resp)
	var answer struct {
		Monitors []struct {
			ID     int64  `json:"id"`
			Name   string `json:"name"`
			Status string `json:"status"`
		} `json:"monitors"`
	}
	if err := c.read(call{"search the monitors", "monitors_read"}, resp, err, &answer); err != nil {
		return nil, err
	}
	var found []Monitor
	for _, m := range answer.Monitors {
		switch datadogV1.MonitorOverallStates(m.Status) {
		case datadogV1.MONITOROVERALLSTATES_ALERT, datadogV1.MONITOROVERALLSTATES_WARN:
			found = append(found, Monitor{ID: m.ID, Name: m.Name, Status: m.Status, URL: c.MonitorURL(m.ID)})
		default: // the search is by words and may find more
		}
	}
	return found, nil
}
