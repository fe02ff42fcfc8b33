package train

import (
	"time"

	"github.com/release-train/release-train/internal/calendar"
)

// Guard is what must still hold at the very moment of a write: the activity
// that writes reads it again and returns holds as a value if it does not.
type Guard struct {
	// Train whose memory (pause, hotfix) is read.
	Train string `json:"train"`
	// Project whose freeze periods count.
	Project string `json:"project"`
	// Release is the workflow ID of the release that takes the step: it may have
	// accepted holds that its train does not know yet. Empty: none does.
	Release string `json:"release,omitempty"`
	// Obeys are the holds of the step.
	Obeys []HoldKind `json:"obeys"`
	// Candidate whose tag must still point at its commit; zero: not checked.
	Candidate Candidate `json:"candidate,omitzero"`
	// Environment is the GitLab environment that no other deploy job may hold;
	// empty: not checked.
	Environment string `json:"environment,omitempty"`
	// Production, when set, is checked for drift.
	Production *Drift `json:"production,omitempty"`
}

// Drift says what production is expected to run.
type Drift struct {
	Flux FluxObject `json:"flux"`
	// Expected is what it ran when the candidate was cut, or what was acknowledged since; zero: not known.
	Expected Version `json:"expected,omitzero"`
	// Accepted was acknowledged although it holds commits that the candidate lacks.
	Accepted Version `json:"accepted,omitzero"`
}

// ReadDriftInput asks what production runs now.
type ReadDriftInput struct {
	Project   string `json:"project"`
	TagPrefix string `json:"tagPrefix"`
	// Candidate is what is compared with it.
	Candidate Candidate  `json:"candidate"`
	Flux      FluxObject `json:"flux"`
}

// ReadDrift is what production runs, and what of it the candidate lacks.
type ReadDrift struct {
	Running Version    `json:"running"`
	Lacks   Difference `json:"lacks"`
}

// Observation is what the outside world says about what must hold.
type Observation struct {
	// Freeze stands now; nil: none does.
	Freeze *Hold `json:"freeze,omitempty"`
	// Unknown says that the freeze stands because GitLab could not be asked.
	Unknown bool `json:"unknown,omitempty"`
	// Memory is the train's; nil: it remembers nothing.
	Memory *Memory `json:"memory,omitempty"`
	// Busy stands while GitLab shows another deploy job of the environment; nil: none runs.
	Busy *Hold `json:"busy,omitempty"`
	// Drift stands now; nil: none does. TagMoved says that it is the tag.
	Drift    *Hold `json:"drift,omitempty"`
	TagMoved bool  `json:"tagMoved,omitempty"`
	// Running is what production runs.
	Running Version `json:"running,omitzero"`
	// Started is the production job, when somebody started it in GitLab.
	Started *PipelineJob `json:"started,omitempty"`
	// HandMade are newer tags of the day that are not ours.
	HandMade []string `json:"handMade,omitempty"`
}

// AwaitChangeInput watches what must hold until it is other than known.
type AwaitChangeInput struct {
	Guard Guard       `json:"guard"`
	Known Observation `json:"known"`
	// TagPrefix, Day and Ours tell tags of the day that somebody made by hand; zero Day: not looked for.
	TagPrefix string       `json:"tagPrefix,omitempty"`
	Day       calendar.Day `json:"day,omitzero"`
	Ours      []string     `json:"ours,omitempty"`
	// Job is the production job that somebody else may start; empty: not looked for.
	Job   string            `json:"job,omitempty"`
	Until time.Time         `json:"until"`
	Poll  calendar.Duration `json:"poll"`
	// Report says that what the first look sees is news in any case.
	Report bool `json:"report,omitempty"`
	// NotBefore is when the first look may be: no watch looks more often than its poll.
	NotBefore time.Time `json:"notBefore,omitzero"`
	// HeartbeatEvery is how often the watch says that it lives: each one is billable.
	HeartbeatEvery calendar.Duration `json:"beat"`
}

// AwaitFreeInput waits until no other deploy job of an environment runs.
type AwaitFreeInput struct {
	Guard Guard             `json:"guard"`
	Until time.Time         `json:"until"`
	Poll  calendar.Duration `json:"poll"`
}

// EnvironmentFree says what still runs; empty: nothing does.
type EnvironmentFree struct {
	Busy string `json:"busy,omitempty"`
}
