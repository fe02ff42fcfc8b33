package train

import (
	"time"

	"github.com/release-train/release-train/internal/calendar"
)

// Status is the one answer to "what is going on?": the status query, the CLI,
// the Web UI and Slack all show it. docs/architecture.md, The life of one release.
type Status struct {
	ID        string         `json:"id"`
	Train     string         `json:"train"`
	Day       calendar.Day   `json:"day"`
	Zone      string         `json:"zone"`
	Phase     Phase          `json:"phase"`
	End       End            `json:"end,omitempty"`
	EndWhy    string         `json:"endWhy,omitempty"`
	Candidate Candidate      `json:"candidate,omitzero"`
	Deployed  RunningVersion `json:"deployed,omitzero"`
	// Removed are the commits that the candidate takes out of production, as was acknowledged.
	Removed    Difference      `json:"removed,omitzero"`
	Warning    string          `json:"warning,omitempty"`
	Changelog  ChangelogDigest `json:"changelog,omitzero"`
	Staging    *Deploy         `json:"staging,omitempty"`
	E2E        *E2E            `json:"e2e,omitempty"`
	Production *Deploy         `json:"production,omitempty"`
	Approval   *Approval       `json:"approval,omitempty"`
	Promotion  *Promotion      `json:"promotion,omitempty"`
	Holds      []Hold          `json:"holds,omitempty"`
	// Unconfirmed are those of the train that it does not know yet.
	Unconfirmed []Hold `json:"unconfirmed,omitempty"`
	// HandMade are tags of the day that somebody made in GitLab.
	HandMade []string  `json:"handMade,omitempty"`
	Waiting  Waiting   `json:"waiting"`
	Opens    time.Time `json:"windowOpens"`
	Closes   time.Time `json:"windowCloses"`
	// Commands would be accepted now.
	Commands []AcceptedCommand `json:"commands,omitempty"`
	// Record are the latest decisions, oldest first.
	Record Record `json:"record,omitzero"`
}

// AcceptedCommand is something a person can do now.
type AcceptedCommand struct {
	Name CommandName `json:"name"`
	// Does says what would happen.
	Does string `json:"does"`
	// Line can be pasted into a terminal.
	Line string `json:"line"`
}

// Location is the zone in which the status writes times.
func (st Status) Location() *time.Location { return Train{Zone: st.Zone}.Location() }

// MemoryStatus is what a train answers to the status query.
type MemoryStatus struct {
	ID     string `json:"id"`
	Train  string `json:"train"`
	Zone   string `json:"zone"`
	Memory Memory `json:"memory"`
	// Waiting is what the train waits for.
	Waiting Waiting `json:"waiting"`
	// Commands would be accepted now.
	Commands []AcceptedCommand `json:"commands,omitempty"`
	Record   Record            `json:"record,omitzero"`
}
