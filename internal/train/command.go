package train

import (
	"slices"
	"time"

	"github.com/release-train/release-train/internal/calendar"
)

// CommandName is the name of a command: of the signal, of the update and of the
// CLI's sub-command.
type CommandName string

// Commands, in the order of docs/commands.md.
const (
	Pause               CommandName = "pause"
	Resume              CommandName = "resume"
	ApproveDespiteE2E   CommandName = "approve-despite-e2e"
	RevokeApproval      CommandName = "revoke-approval"
	HotfixFreeze        CommandName = "hotfix-freeze"
	LiftHotfixFreeze    CommandName = "lift-hotfix-freeze"
	Acknowledge         CommandName = "acknowledge"
	TryAgain            CommandName = "try-again"
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
	// Removes is how many commits it takes out of production.
	Removes int `json:"removes,omitempty"`
	// Environment is staging or production.
	Environment EnvironmentName `json:"environment,omitempty"`
	// Force does not wait for what runs.
	Force bool `json:"force,omitempty"`
	// Of names the person whose pause it is, All means the pauses of everybody.
	Of  string `json:"of,omitempty"`
	All bool   `json:"all,omitempty"`
	// Day is a release day.
	Day calendar.Day `json:"day,omitzero"`
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

// RefusedCommand is the type name of the error that a refused update returns;
// its details hold the Refusal.
const RefusedCommand = "Refused"

// Bounds of what people send, in characters but for the payload.
const (
	// LargestPayload is read; anything larger is refused unread. Bytes.
	LargestPayload = 16 << 10
	LongestBy      = 100
	LongestReason  = 500
	LongestField   = 200
)

// Clip is a text of at most limit characters.
func Clip(s string, limit int) string {
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return s
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

// CommandSource is the way on which a command came.
type CommandSource string

// Doors.
const (
	SourceSignal   CommandSource = "signal"
	SourceUpdate   CommandSource = "update"
	SourceTemporal CommandSource = "temporal" // Temporal's own cancel
)

// Decision is one entry in the record: who asked for what, why, on which
// candidate, and what was answered.
type Decision struct {
	At       time.Time     `json:"at"`
	Command  CommandName   `json:"command"`
	By       string        `json:"by,omitempty"`
	Identity Identity      `json:"identity,omitempty"`
	Source   CommandSource `json:"door,omitempty"`
	Reason   string        `json:"reason,omitempty"`
	// Tag is the candidate at that moment.
	Tag      string `json:"tag,omitempty"`
	Accepted bool   `json:"accepted"`
	// Sentence is the answer.
	Sentence string `json:"sentence"`
	// Code says for programs why it was refused; empty when it was accepted.
	Code RefusalCode `json:"code,omitempty"`
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
	d.By = Clip(d.By, LongestBy)
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
