package train

import "time"

// Calendar says which days are release days. PRODUCT.md section 10.
type Calendar struct {
	// Weekdays are the ordinary release days: mon, tue, …
	Weekdays []Weekday `json:"weekdays" yaml:"weekdays"`
	// Holidays are neither release days nor business days.
	Holidays []Holiday `json:"holidays,omitempty" yaml:"holidays"`
	// Added are further release days; an added day wins over weekday and holiday.
	Added []NamedDay `json:"added,omitempty" yaml:"added"`
	// Moved are release days that take place on another day.
	Moved []Move `json:"moved,omitempty" yaml:"moved"`
}

// Holiday is a day with its name.
type Holiday = NamedDay

// NamedDay is a day and why it is special.
type NamedDay struct {
	Day  Day    `json:"day" yaml:"day"`
	Name string `json:"name,omitempty" yaml:"name"`
}

// Move takes a release day to another day.
type Move struct {
	From Day    `json:"from" yaml:"from"`
	To   Day    `json:"to" yaml:"to"`
	Why  string `json:"why,omitempty" yaml:"why"`
}

// Plan holds the instants of one release day, all UTC. They are fixed at departure.
type Plan struct {
	// Day is the release day.
	Day Day `json:"day"`
	// CutAt is when main is tagged.
	CutAt time.Time `json:"cutAt"`
	// E2EAt is when E2E starts at the earliest; zero means at once after staging.
	E2EAt time.Time `json:"e2eAt,omitzero"`
	// E2EDeadline is when a run that has not ended is overdue.
	E2EDeadline time.Time `json:"e2eDeadline"`
	// WindowOpens and WindowCloses bound production: [opens, closes).
	WindowOpens  time.Time `json:"windowOpens"`
	WindowCloses time.Time `json:"windowCloses"`
	// NextCutAt is the train's next departure after this one; zero when the calendar knows none.
	NextCutAt time.Time `json:"nextCutAt,omitzero"`
	// Manual says that a person started this departure: it is cut at once.
	Manual bool `json:"manual,omitempty"`
}

// Weekday is a day of the week, written mon, tue, … as people do in cron.
type Weekday time.Weekday
