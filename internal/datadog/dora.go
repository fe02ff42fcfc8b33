package datadog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/DataDog/datadog-api-client-go/v2/api/datadogV2"

	"github.com/release-train/release-train/internal/train"
)

// Deployment is a finished deployment for the DORA metrics.
type Deployment struct {
	ID            string // from DORAID
	Service       string
	Env           string
	Version       string
	Team          string
	RepositoryURL string // counts only together with CommitSHA
	CommitSHA     string
	StartedAt     time.Time
	FinishedAt    time.Time
}

// doraScope lets records be looked for; writing them needs the API key alone.
const doraScope = "dora_metrics_read"

// RecordDeployment records a deployment unless its ID is recorded already. What
// Datadog does with a repeated ID is not documented, and a new record is found
// only after a while, so a quick repeat may still make a second one.
func (c *Client) RecordDeployment(ctx context.Context, d Deployment) error {
	_, resp, err := c.dora.GetDORADeployment(c.as(ctx), d.ID)
	defer closeBody(resp)
	if there, err := c.there(call{"look for the deployment " + d.ID, doraScope}, resp, err); there || err != nil {
		return err
	}
	a := datadogV2.DORADeploymentRequestAttributes{
		Id: &d.ID, Service: d.Service, Env: optional(d.Env), Version: optional(d.Version), Team: optional(d.Team),
		StartedAt: d.StartedAt.UnixNano(), FinishedAt: d.FinishedAt.UnixNano(),
	}
	if d.RepositoryURL != "" && d.CommitSHA != "" {
		a.Git = datadogV2.NewDORAGitInfo(d.CommitSHA, d.RepositoryURL)
	}
	_, resp, err = c.dora.CreateDORADeployment(c.as(ctx),
		*datadogV2.NewDORADeploymentRequest(*datadogV2.NewDORADeploymentRequestData(a)))
	defer closeBody(resp)
	return c.settle(call{tried: "record the deployment " + d.ID}, resp, err)
}

// Failure is an incident for the DORA metrics.
type Failure struct {
	ID         string // from DORAID
	Service    string
	Env        string
	Version    string
	Name       string
	Severity   string
	StartedAt  time.Time
	FinishedAt time.Time // zero while it lasts
}

// RecordFailure records a failure unless its ID is recorded already, like RecordDeployment.
func (c *Client) RecordFailure(ctx context.Context, f Failure) error {
	_, resp, err := c.dora.GetDORAFailure(c.as(ctx), f.ID)
	defer closeBody(resp)
	if there, err := c.there(call{"look for the failure " + f.ID, doraScope}, resp, err); there || err != nil {
		return err
	}
	a := datadogV2.DORAFailureRequestAttributes{
		Id: &f.ID, Services: []string{f.Service}, Env: optional(f.Env), Version: optional(f.Version),
		Name: optional(f.Name), Severity: optional(f.Severity), StartedAt: f.StartedAt.UnixNano(),
	}
	if !f.FinishedAt.IsZero() {
		a.SetFinishedAt(f.FinishedAt.UnixNano())
	}
	_, resp, err = c.dora.CreateDORAFailure(c.as(ctx),
		*datadogV2.NewDORAFailureRequest(*datadogV2.NewDORAFailureRequestData(a)))
	defer closeBody(resp)
	return c.settle(call{tried: "record the failure " + f.ID}, resp, err)
}

// there says whether a record was found. The schema has a 400 but no 404 for a
// record that does not exist; if our ID is wrong, recording says so.
func (c *Client) there(what call, resp *http.Response, err error) (bool, error) {
	err = c.settle(what, resp, err)
	if train.FaultIs(err, train.FaultNotFound) || train.FaultIs(err, train.FaultInvalid) {
		return false, nil
	}
	return err == nil, err
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

const minDORAID, maxDORAID = 16, 128

var notInDORAID = regexp.MustCompile(`[^A-Za-z0-9._:-]`)

// DORAID is the ID of a DORA record, made of what tells it from all others. The
// same parts give the same ID. IDs that are too short or too long get a hash,
// so that they stay unique.
func DORAID(parts ...string) string {
	full := strings.Join(parts, ":")
	id := notInDORAID.ReplaceAllString(full, "_")
	if len(id) >= minDORAID && len(id) <= maxDORAID {
		return id
	}
	return id[:min(len(id), maxDORAID-len(hash(full)))] + hash(full)
}

// hash is short and tells texts apart; with it any ID is long enough.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return ":" + hex.EncodeToString(sum[:8])
}

// shorten cuts a key that must stay unique.
func shorten(key string, most int) string {
	r := []rune(key)
	if len(r) <= most {
		return key
	}
	return string(r[:most-len(hash(key))]) + hash(key)
}

// clip cuts a text for people.
func clip(text string, most int) string {
	r := []rune(text)
	if len(r) <= most {
		return text
	}
	return string(r[:most-1]) + "…"
}
