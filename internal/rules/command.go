package rules

import (
	"slices"
	"time"

	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
)

// Definition is one command: its form, who may issue it, when it is accepted,
// what it does, and an example. A command, or a pair that belongs together, stands
// in a file of its own, which Commands lists; what people read of it stands in words.
type Definition struct {
	Name train.CommandName
	// Fields are its own fields; Required those of them that may not be left out.
	Fields   []string
	Required []string
	// NeedsReason says that a reason is required.
	NeedsReason bool
	// OfTrain says that it belongs to the train: a release passes it on.
	OfTrain bool
	// Precedence orders commands that arrive together: lower acts first. docs/architecture.md, Commands.
	Precedence Precedence
	// Example is an input that can be pasted, but for who asks.
	Example train.Command

	// permits refuses people whom the policy keeps from this command only; nil: there are none.
	permits func(p train.Policy, s *train.State, c train.Command) *train.Refusal
	// check refuses a release's command; it changes nothing. nil: always accepted.
	check func(s *train.State, c train.Command, now time.Time) *train.Refusal
	// apply does what a release's command says; nil: the workflow asks the outside world first.
	apply func(s *train.State, c train.Command, now time.Time) Effect
	// remember checks and does what a train's command says.
	remember func(m *train.Memory, c train.Command, now time.Time, zone *time.Location) (Effect, *train.Refusal)
}

// Precedence orders commands that act in one workflow task.
type Precedence int

// What keeps production safe acts first; a definition that says nothing acts in order.
const (
	actsCancel Precedence = iota - 7
	actsHotfix
	actsPause
	actsMarkBad
	actsRevoke
	actsCut
	actsRollback
	actsInOrder
	actsLast
)

// Table is a list of commands.
type Table []Definition

// Commands are all commands, in the order of docs/commands.md.
func Commands() Table {
	return Table{
		pauseCommand(), resumeCommand(), approveCommand(), revokeCommand(), hotfixFreezeCommand(), liftHotfixFreezeCommand(),
		acknowledgeCommand(), tryAgainCommand(), retryDeployCommand(), rerunE2ECommand(), cutTagCommand(),
		regenerateChangelogCommand(),
		promoteNowCommand(), moveProductionCommand(), rollbackCommand(), markBadCommand(), cancelCommand(),
		skipDayCommand(), addDayCommand(),
	}
}

// Find is the definition of a name.
func (t Table) Find(name train.CommandName) (Definition, bool) {
	for _, d := range t {
		if d.Name == name {
			return d, true
		}
	}
	return Definition{}, false
}

// Names are the names of all commands.
func (t Table) Names() []string {
	var out []string
	for _, d := range t {
		out = append(out, string(d.Name))
	}
	return out
}

// AllFields are the JSON names that the command knows.
func (d Definition) AllFields() []string {
	return slices.Concat([]string{"by", "reason"}, d.Fields, []string{"id"})
}

// requiredFields are the JSON names that may not be left out.
func (d Definition) requiredFields() []string {
	out := []string{"by"}
	if d.NeedsReason {
		out = append(out, "reason")
	}
	return append(out, d.Required...)
}

// ExampleCommand is an input that would be well-formed.
func (d Definition) ExampleCommand() train.Command {
	c := d.Example
	c.By = "ada"
	return c
}

// Effect is what an accepted command did, as facts; what the state says by
// itself afterwards is not repeated. Facts that a command does not have are left out.
type Effect struct {
	// Tag is the tag that it was about.
	Tag string
	// Day is the release day that it was about.
	Day calendar.Day
	// Until is the end of a span that it began.
	Until time.Time
	// Approval says that an approval became void; Unskipped that a skipped day is one again.
	ApprovalVoid bool
	Unskipped    bool
	// Lifted are the pauses that it ended, Left those of others that stand.
	Lifted []train.Hold
	Left   []train.Hold
	// Retried says that only what GitLab refused before is tried again.
	Retried bool
	// Accepted is what counts as what production runs.
	Accepted train.Version
	// Rollback is what is put back.
	Rollback *train.RollbackOrder
	// Recut is the new candidate that was ordered.
	Recut *train.CutOrder
	// Forced says that what runs is stopped.
	Forced bool
}

// Check says why a command is refused now; nil: it is accepted. It changes nothing.
func Check(s *train.State, name train.CommandName, c train.Command, now time.Time) *train.Refusal {
	d, known := Commands().Find(name)
	switch {
	case !known:
		return &train.Refusal{Code: train.RefusedUnknownCommand, Command: name}
	case s.Phase == train.Ended:
		return &train.Refusal{Code: train.RefusedReleaseEnded, Command: name, End: s.End, At: s.Plan.NextCutAt}
	}
	if refusal := policyRefuses(s.Train.Policy, d, s, c); refusal != nil {
		return refusal.Of(name)
	}
	if d.remember != nil {
		m := s.Memory // a shallow copy is enough: remember replaces slices
		_, refusal := d.remember(&m, c, now, s.Train.Location())
		return refusal.Of(name).On(s.Train.Name)
	}
	if d.check == nil {
		return nil
	}
	return d.check(s, c, now).Of(name)
}

// Apply does what an accepted command says to the state. Commands that need the
// outside world (cut-tag, regenerate-changelog) do nothing here: the workflow does them.
func Apply(s *train.State, name train.CommandName, c train.Command, now time.Time) Effect {
	d, _ := Commands().Find(name)
	if d.remember != nil {
		effect, _ := d.remember(&s.Memory, c, now, s.Train.Location())
		return effect
	}
	if d.apply == nil {
		return Effect{}
	}
	return d.apply(s, c, now)
}

// Remember applies a command of the train to its memory.
func Remember(m *train.Memory, name train.CommandName, c train.Command, now time.Time,
	zone *time.Location) (Effect, *train.Refusal) {
	d, known := Commands().Find(name)
	switch {
	case !known:
		return Effect{}, &train.Refusal{Code: train.RefusedUnknownCommand, Command: name}
	case d.remember == nil:
		return Effect{}, &train.Refusal{Code: train.RefusedBelongsToRelease, Command: name}
	}
	effect, refusal := d.remember(m, c, now, zone)
	return effect, refusal.Of(name)
}

// firstRefusal is the first of several refusals; nil: there is none.
func firstRefusal(refusals ...*train.Refusal) *train.Refusal {
	for _, r := range refusals {
		if r != nil {
			return r
		}
	}
	return nil
}
