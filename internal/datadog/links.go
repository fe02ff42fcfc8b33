package datadog

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// appURL is where people look; sites that are subdomains have no "app." in front.
func appURL(site string) string {
	if strings.Count(site, ".") == 1 {
		site = "app." + site
	}
	return "https://" + site
}

// LogsURL is the page with the logs of a query.
func (c *Client) LogsURL(query string, from, to time.Time) string {
	return c.explorer("/logs", query, from, to)
}

// EventsURL is the page with the events of a query.
func (c *Client) EventsURL(query string, from, to time.Time) string {
	return c.explorer("/event/explorer", query, from, to)
}

// MonitorURL is the page of a monitor.
func (c *Client) MonitorURL(id int64) string { return fmt.Sprintf("%s/monitors/%d", c.app, id) }

func (c *Client) eventURL(id string) string {
	if id == "" {
		return ""
	}
	return c.app + "/event/event?id=" + url.QueryEscape(id)
}

func (c *Client) explorer(page, query string, from, to time.Time) string {
	q := strings.ReplaceAll(url.QueryEscape(query), "+", "%20") // the pages show a + as a plus
	return fmt.Sprintf("%s%s?query=%s&from_ts=%d&to_ts=%d&live=false", c.app, page, q, from.UnixMilli(), to.UnixMilli())
}
