package train

import (
	"time"

	"github.com/release-train/release-train/internal/calendar"
)

// Inputs and results of workflows.

// DepartureInput starts a departure. The Schedule sends only the train's name.
type DepartureInput struct {
	Train string `json:"train"`
	// Day asks for one release day; zero: the scheduled one, or the next for a manual start.
	Day calendar.Day `json:"day,omitzero"`
	// By is who started it by hand; empty for the Schedule.
	By string `json:"by,omitempty"`
	// Again allows a second release of a day whose first one has ended.
	Again bool `json:"again,omitempty"`
	// Rehearsal rehearses the day in this much time, for the demo and tests; zero: the calendar's times.
	Rehearsal calendar.Duration `json:"squeeze,omitzero"`
	// Opens is when the window of a rehearsed day opens, counted from its start; zero: after two thirds.
	Opens calendar.Duration `json:"opens,omitzero"`
}

// DepartureResult says what a departure did.
type DepartureResult struct {
	// ReleaseID is the started release; empty when none was started.
	ReleaseID string       `json:"releaseId,omitempty"`
	Day       calendar.Day `json:"day,omitzero"`
	// Sentence says it for people.
	Sentence string `json:"sentence"`
}

// Inputs and results of activities. A Key is stored at the vendor, so that a
// repeated call finds what an earlier one did.

// PlanDepartureInput asks which day departs now.
type PlanDepartureInput struct {
	Train string `json:"train"`
	// ScheduledAt is the Schedule's nominal time; zero for a manual start.
	ScheduledAt time.Time         `json:"scheduledAt,omitzero"`
	Now         time.Time         `json:"now"`
	Day         calendar.Day      `json:"day,omitzero"`
	Rehearsal   calendar.Duration `json:"squeeze,omitzero"`
	Opens       calendar.Duration `json:"opens,omitzero"`
}

// PlannedDeparture is the release that departs, or why none does.
type PlannedDeparture struct {
	Train Train         `json:"train"`
	Plan  calendar.Plan `json:"plan"`
	// Refused says why nothing departs; empty when something does.
	Refused string `json:"refused,omitempty"`
	// Searchable says that the namespace knows our search attributes.
	Searchable bool `json:"searchable,omitempty"`
}

// ReadTrainInput asks for a train's configuration.
type ReadTrainInput struct {
	Train string `json:"train"`
}

// ReadTrainResult is the configuration, or why there is none.
type ReadTrainResult struct {
	Train   Train  `json:"train,omitzero"`
	Refused string `json:"refused,omitempty"`
	// Gone says that the file could be read and does not have the train.
	Gone bool `json:"gone,omitempty"`
}

// CheckDayInput asks whether a day is still a release day.
type CheckDayInput struct {
	Train string       `json:"train"`
	Day   calendar.Day `json:"day"`
}

// CheckedDay says why it is not; empty: it is.
type CheckedDay struct {
	Gone string `json:"gone,omitempty"`
}

// WatchdogInput starts the dead-man's switch of a train.
type WatchdogInput struct {
	Train string `json:"train"`
	// After is how long after the cut time it looks; zero: WatchdogAfter.
	After calendar.Duration `json:"after,omitzero"`
}

// ExpectReleaseInput asks whether the release that should have departed did.
type ExpectReleaseInput struct {
	Train string `json:"train"`
	// CutAt is the cut time that has passed.
	CutAt time.Time `json:"cutAt"`
}

// ExpectedRelease is the answer.
type ExpectedRelease struct {
	// Train is its configuration, for the alarm.
	Train Train        `json:"train,omitzero"`
	Day   calendar.Day `json:"day,omitzero"`
	// Sentence says what was found; Alarm that nothing explains the absence.
	Sentence string `json:"sentence"`
	Alarm    bool   `json:"alarm,omitempty"`
}
