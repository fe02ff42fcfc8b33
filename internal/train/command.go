package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// CommandName is the name of a command: of the signal, of the update and of the
// CLI's sub-command.
type CommandName string

// Commands. PRODUCT.md section 5; the last two come from section 10.
const (
	Pause               CommandName = "pause"
	Resume              CommandName = "resume"
	ApproveDespiteE2E   CommandName = "approve-despite-e2e"
	RevokeApproval      CommandName = "revoke-approval"
	HotfixFreeze        CommandName = "hotfix-freeze"
	LiftHotfixFreeze    CommandName = "lift-hotfix-freeze"
	Acknowledge         CommandName = "acknowledge"
	RetryDeploy         CommandName = "retry-deploy"
	RerunE2E            CommandName = "rerun-e2e"
	CutTag              CommandName = "cut-tag"
	RegenerateChangelog CommandName = "regenerate-changelog"
	PromoteNow          CommandName = "promote-now"
	MoveProduction      CommandName = "move-production"
	Rollback            CommandName = "rollback"
	MarkBad             CommandName = "mark-bad"
	Cancel              CommandName = "cancel"
	SkipDay             CommandName = "skip-day"
	AddDay              CommandName = "add-day"
)

// Command is what a person asks for: the input of a signal or update. Fields
// that a command does not have are refused, not ignored.
type Command struct {
	// By is who asks. It is a claim: a field in a payload proves nothing.
	By string `json:"by"`
	// Reason says why; some commands require it.
	Reason string `json:"reason,omitempty"`
	// Tag names a candidate or a version.
	Tag string `json:"tag,omitempty"`
	// SHA is a commit on the branch, full or shortened to at least 7 digits.
	SHA string `json:"sha,omitempty"`
	// PreviousTag is where a changelog begins.
	PreviousTag string `json:"previousTag,omitempty"`
	// Until and At are instants: RFC 3339, or HH:MM on the train's clock; Until
	// may also be a duration from now: 36h.
	Until string `json:"until,omitempty"`
	At    string `json:"at,omitempty"`
	// Hold names the hold to acknowledge.
	Hold HoldKind `json:"hold,omitempty"`
	// Environment is staging or production.
	Environment EnvironmentName `json:"environment,omitempty"`
	// Force does not wait for what runs.
	Force bool `json:"force,omitempty"`
	// Day is a release day.
	Day Day `json:"day,omitzero"`
	// ID is set when a workflow passes a command on; a command is acted on once for each.
	ID string `json:"id,omitempty"`
}

// Answer is what an accepted update returns.
type Answer struct {
	// Sentence says what was done and what comes next.
	Sentence string `json:"sentence"`
	// Revision is the train's memory after the command, where it belongs to the train.
	Revision int64 `json:"revision,omitempty"`
}

// RefusedCommand is the type name of the error that a refused update returns.
const RefusedCommand = "Refused"

// Bounds of what people send.
const (
	// LargestPayload is read; anything larger is refused unread.
	LargestPayload = 16 << 10
	longestBy      = 100
	longestReason  = 500
	longestField   = 200
)

// DecodeCommand reads the payload of a command; the refusal names the field and
// says what would be right. It is empty when the payload is well-formed.
func DecodeCommand(name CommandName, raw []byte) (c Command, refusal string) {
	entry, ok := Commands.Find(name)
	switch {
	case !ok:
		return c, fmt.Sprintf("there is no command %q; commands are: %s", Clip(string(name), longestField), strings.Join(Commands.Names(), ", "))
	case len(raw) > LargestPayload:
		return c, fmt.Sprintf("the input has %d bytes and was not read: send at most %d, for example %s", len(raw), LargestPayload, entry.Example())
	case len(bytes.TrimSpace(raw)) == 0:
		return c, fmt.Sprintf("the input is missing: send for example %s", entry.Example())
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &fields); err != nil || fields == nil {
		return c, fmt.Sprintf("the input is not a JSON object: send for example %s", entry.Example())
	}
	for _, field := range sortedKeys(fields) {
		if !slices.Contains(entry.allFields(), field) {
			return c, fmt.Sprintf("there is no field %q in %s: its fields are %s", Clip(field, longestField), name, strings.Join(entry.allFields(), ", "))
		}
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		return Command{}, badField(err, entry)
	}
	return c, entry.incomplete(c)
}

// sortedKeys is in an order of its own, so that workflows may use it.
func sortedKeys(m map[string]json.RawMessage) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// badField names the field that has the wrong type.
func badField(err error, entry Entry) string {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		want := "a string"
		if wrong.Type != nil && wrong.Type.Kind() == reflect.Bool {
			want = "true or false"
		}
		return fmt.Sprintf("the field %q is a %s: write %s, for example %s", wrong.Field, wrong.Value, want, entry.Example())
	}
	return fmt.Sprintf("a field cannot be read: %s; send for example %s", Clip(err.Error(), longestField), entry.Example())
}

// incomplete says which field is missing, too long or not a word of ours.
func (e Entry) incomplete(c Command) string {
	example := e.Example()
	values := c.values()
	for _, field := range e.required() {
		if strings.TrimSpace(values[field]) == "" {
			return fmt.Sprintf("the field %q is missing: send for example %s", field, example)
		}
	}
	for _, field := range e.allFields() {
		limit := longestField
		switch field {
		case "by":
			limit = longestBy
		case "reason":
			limit = longestReason
		}
		if n := len([]rune(values[field])); n > limit {
			return fmt.Sprintf("the field %q has %d characters: write at most %d", field, n, limit)
		}
	}
	if c.Environment != "" && c.Environment != Staging && c.Environment != Production {
		return fmt.Sprintf("the field \"environment\" is %q: write staging or production", c.Environment)
	}
	if c.Hold != "" && !slices.Contains(holdKinds, c.Hold) {
		return fmt.Sprintf("the field \"hold\" is %q: there is no such hold; holds to acknowledge are late and drift", c.Hold)
	}
	return ""
}

// values are the text fields by their JSON names.
func (c Command) values() map[string]string {
	v := map[string]string{
		"by": c.By, "reason": c.Reason, "tag": c.Tag, "sha": c.SHA, "previousTag": c.PreviousTag, "until": c.Until, "at": c.At,
		"hold": string(c.Hold), "environment": string(c.Environment), "day": c.Day.String(), "id": c.ID,
	}
	if c.Force {
		v["force"] = "true"
	}
	return v
}

// Clip is a text of at most limit characters.
func Clip(s string, limit int) string {
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return s
}

// parseAt reads an instant: RFC 3339, HH:MM on the train's clock (the next time
// it shows that), and where allowed a duration from now.
func parseAt(field, s string, now time.Time, zone *time.Location, durations bool) (time.Time, string) {
	if at, err := time.Parse(time.RFC3339, s); err == nil {
		return at.UTC(), ""
	}
	if clock, err := ParseClock(s); err == nil {
		day := DayOf(now.In(zone))
		at := day.At(clock, zone)
		if !at.After(now) {
			at = day.Add(1).At(clock, zone)
		}
		return at.UTC(), ""
	}
	if d, err := time.ParseDuration(s); err == nil && durations {
		return now.Add(d).UTC(), ""
	}
	forms := "2026-11-24T14:00:00-05:00 or 14:00"
	if durations {
		forms = "2026-11-25T12:00:00-05:00, 12:00 or 36h"
	}
	return time.Time{}, fmt.Sprintf("the field %q is %q, which is no time: write for example %s", field, s, forms)
}

// Identity is how we know who asked.
type Identity string

// How we know who asked.
const (
	// IdentityClaimed: the payload says so.
	IdentityClaimed Identity = "claimed"
	// IdentityVerified: a signature of the Slack listener was checked.
	IdentityVerified Identity = "verified"
)

// Door is the way on which a command came.
type Door string

// Doors.
const (
	BySignal   Door = "signal"
	ByUpdate   Door = "update"
	ByTemporal Door = "temporal" // Temporal's own cancel
)

// Decision is one entry in the record: who asked for what, why, on which
// candidate, and what was answered.
type Decision struct {
	At       time.Time   `json:"at"`
	Command  CommandName `json:"command"`
	By       string      `json:"by,omitempty"`
	Identity Identity    `json:"identity,omitempty"`
	Door     Door        `json:"door,omitempty"`
	Reason   string      `json:"reason,omitempty"`
	// Tag is the candidate at that moment.
	Tag      string `json:"tag,omitempty"`
	Accepted bool   `json:"accepted"`
	// Sentence is the answer.
	Sentence string `json:"sentence"`
	// ID is the command's, where one was given.
	ID string `json:"id,omitempty"`
}

// Record is the latest decisions, oldest first; history has all of them.
type Record struct {
	Decisions []Decision `json:"decisions,omitempty"`
	// Dropped counts older ones that are no longer kept here.
	Dropped int `json:"dropped,omitempty"`
	// Refused counts all refused ones.
	Refused int `json:"refused,omitempty"`
}

// decisionsKept bounds a record: some 10 KB.
const decisionsKept = 20

// Add appends a decision. Where there are too many the oldest refused one goes
// first: accepted ones explain what happened.
func (r *Record) Add(d Decision) {
	d.Sentence, d.Reason = Clip(d.Sentence, 300), Clip(d.Reason, 150)
	d.By = Clip(d.By, longestBy)
	if !d.Accepted {
		r.Refused++
	}
	r.Decisions = append(r.Decisions, d)
	if len(r.Decisions) <= decisionsKept {
		return
	}
	i := slices.IndexFunc(r.Decisions, func(d Decision) bool { return !d.Accepted })
	r.Decisions = slices.Delete(slices.Clone(r.Decisions), max(i, 0), max(i, 0)+1)
	r.Dropped++
}

// Knows says whether a command of an ID was decided already.
func (r *Record) Knows(id string) bool {
	return id != "" && slices.ContainsFunc(r.Decisions, func(d Decision) bool { return d.ID == id })
}
