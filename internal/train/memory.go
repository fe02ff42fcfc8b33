package train

import (
	"time"

	"github.com/release-train/release-train/internal/calendar"
)

// Memory is what a train remembers from one release to the next: pause, hotfix
// freeze, skipped and added days. TrainWorkflow owns it; an open release holds a
// copy. docs/architecture.md, The life of one release.
type Memory struct {
	// Revision grows with every change; a copy with a higher one is newer.
	Revision int64 `json:"revision,omitempty"`
	// Holds are pauses, one for each person and reason, and hotfix.
	Holds []Hold `json:"holds,omitempty"`
	// Freeze is our GitLab freeze period; nil: there is none. Without the hold hotfix it
	// is still to be deleted in GitLab.
	Freeze *OwnFreeze `json:"freeze,omitempty"`
	// Skipped and Added are changes of the calendar that need no edit of release.yaml.
	Skipped []DayChange `json:"skipped,omitempty"`
	Added   []DayChange `json:"added,omitempty"`
}

// OwnFreeze is the GitLab freeze period of a hotfix freeze. Its crons recur
// every year, so it is deleted at the lift.
type OwnFreeze struct {
	// ID is GitLab's; 0: it does not exist (yet).
	ID int64 `json:"id,omitempty"`
	// From and Until are whole minutes in UTC.
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	// Applied is the end that GitLab has, or that it was last asked to create; another one than Until
	// is being changed.
	Applied time.Time `json:"applied,omitzero"`
	// Problem says why GitLab refused, or did not answer; empty: it did as it was asked.
	Problem string `json:"problem,omitempty"`
	// Unknown says that it may exist although GitLab has not told its ID: the answer to its creation
	// was lost.
	Unknown bool `json:"unknown,omitempty"`
	// TryAgainAt is when GitLab is asked again; zero: at once.
	TryAgainAt time.Time `json:"tryAgainAt,omitzero"`
}

// DayChange skips or adds a release day.
type DayChange struct {
	Day calendar.Day `json:"day"`
	Why string       `json:"why,omitempty"`
	By  string       `json:"by,omitempty"`
}

// Holding says whether a hold of a kind is remembered.
func (m *Memory) Holding(kind HoldKind) bool { return FindHold(m.Holds, kind) != nil }

// Empty says that there is nothing to remember.
func (m *Memory) Empty() bool {
	return len(m.Holds) == 0 && m.Freeze == nil && len(m.Skipped) == 0 && len(m.Added) == 0
}

// AskTrainInput passes a command on to the train.
type AskTrainInput struct {
	Train   string      `json:"train"`
	Name    CommandName `json:"name"`
	Command Command     `json:"command"`
}

// MemoryAnswer is what the train answered.
type MemoryAnswer struct {
	// Refused says why; empty: it was accepted.
	Refused string `json:"refused,omitempty"`
	// Why is the refusal as a value.
	Why    *Refusal `json:"why,omitempty"`
	Answer Answer   `json:"answer"`
}

// Refusal is the refusal as a value, also where only its sentence came.
func (a MemoryAnswer) Refusal(name CommandName) *Refusal {
	if a.Why != nil {
		why := *a.Why
		why.Sentence = a.Refused
		return &why
	}
	return &Refusal{Code: RefusedByTrain, Command: name, Detail: a.Refused}
}

// TellReleasesInput hands the train's memory to its open releases.
type TellReleasesInput struct {
	Train  string       `json:"train"`
	Update MemoryUpdate `json:"news"`
}

// ToldReleases are the releases that were told.
type ToldReleases struct {
	IDs []string `json:"ids,omitempty"`
}

// MemoryUpdate is what the train tells its open release.
type MemoryUpdate struct {
	Memory Memory `json:"memory"`
	// Decisions that led to it, in their order.
	Decisions []Decision `json:"decisions,omitempty"`
}

// MemoryInput starts a TrainWorkflow. All but the name comes from the run before.
type MemoryInput struct {
	Train  string `json:"train"`
	Memory Memory `json:"memory,omitzero"`
	Record Record `json:"record,omitzero"`
	// Config is the configuration that was read last; nil: none has been read.
	Config *Train `json:"config,omitempty"`
	// Answered are the commands that were decided, by their IDs, oldest first.
	Answered []AnsweredCommand `json:"answered,omitempty"`
	// FreezeTrouble is the problem with our freeze period that people were told of; empty: there is none.
	FreezeTrouble string `json:"freezeTrouble,omitempty"`
	MemoryCounters
}

// MemoryCounters number what a train does more than once; idempotency keys are made of them.
type MemoryCounters struct {
	// MessagesPosted counts messages, FreezeCalls the times that GitLab was asked about our freeze period.
	MessagesPosted int `json:"messagesPosted,omitempty"`
	FreezeCalls    int `json:"freezeCalls,omitempty"`
	// RefusalsAnnounced counts the refused signals of the day that were answered in Slack.
	RefusalsAnnounced int `json:"refusalsAnnounced,omitempty"`
}

// AnsweredCommand is a command that was decided: it is not acted on again.
type AnsweredCommand struct {
	ID string `json:"id"`
	// Refused is why it was refused; nil: it was accepted.
	Refused *Refusal `json:"refused,omitempty"`
}

// MemoryResult is how a TrainWorkflow ended.
type MemoryResult struct {
	Train string `json:"train"`
	// Why is a sentence.
	Why    string `json:"why"`
	Memory Memory `json:"memory,omitzero"`
}

// FreezeInput creates, changes or deletes our freeze period.
type FreezeInput struct {
	Project string    `json:"project"`
	Freeze  OwnFreeze `json:"freeze"`
	Key     string    `json:"key"`
}

// FreezeResult is the freeze period as GitLab has it.
type FreezeResult struct {
	ID int64 `json:"id,omitempty"`
	// Gone says that somebody deleted it in GitLab.
	Gone bool `json:"gone,omitempty"`
	// Unknown says that it may exist although GitLab refused: an earlier try got no answer.
	Unknown bool `json:"unknown,omitempty"`
	// Refused is GitLab's refusal.
	Refused string `json:"refused,omitempty"`
}
