package train

import (
	"fmt"
	"strings"

	"github.com/release-train/release-train/internal/calendar"
)

// TaskQueue is the queue of all workflows and activities.
const TaskQueue = "release-train"

// Workflow types.
const (
	ReleaseWorkflow   = "ReleaseWorkflow"
	DeployWorkflow    = "DeployWorkflow"
	DepartureWorkflow = "DepartureWorkflow"
	NotifyWorkflow    = "NotifyWorkflow"
	TrainWorkflow     = "TrainWorkflow"
	WatchdogWorkflow  = "WatchdogWorkflow"
)

// WorkflowTypes lists them all.
func WorkflowTypes() []string {
	return []string{ReleaseWorkflow, DeployWorkflow, DepartureWorkflow, NotifyWorkflow, TrainWorkflow, WatchdogWorkflow}
}

// Signals and queries. The names of Commands come on top.
const (
	// SignalSupersede tells a release that the next departure has started.
	SignalSupersede = "supersede"
	// SignalDeployProgress tells a release where its deploy is.
	SignalDeployProgress = "deploy-progress"
	// SignalStopDeploy tells a deploy to stop and put back what ran before.
	SignalStopDeploy = "stop-deploy"
	// SignalMemoryUpdate tells a release what its train remembers now.
	SignalMemoryUpdate = "train-news"
	// SignalReadConfiguration tells a train to read its configuration again.
	SignalReadConfiguration = "read-configuration"
	// SignalAnnounce hands a NotifyWorkflow something to deliver.
	SignalAnnounce = "announce"
	// QueryStatus answers with a Status.
	QueryStatus = "status"
)

// Search attributes of a release, all keywords.
const (
	attributeTrain      = "ReleaseTrain"
	attributeDay        = "ReleaseDay"
	attributePhase      = "ReleasePhase"
	attributeTag        = "ReleaseTag"
	attributeWaitingFor = "ReleaseWaitingFor"
)

// SearchAttributes lists the search attributes that a worker registers.
func SearchAttributes() []string {
	return []string{attributeTrain, attributeDay, attributePhase, attributeTag, attributeWaitingFor}
}

// ReleaseID is the workflow ID of the release of a train on a release day.
func ReleaseID(train string, day calendar.Day) string { return "release-" + train + "-" + day.String() }

// ParseReleaseID undoes ReleaseID.
func ParseReleaseID(id string) (train string, day calendar.Day, err error) {
	rest, ok := strings.CutPrefix(id, "release-")
	name, date, ok2 := strings.Cut(rest, "-")
	if ok && ok2 {
		if day, err = calendar.ParseDay(date); err == nil {
			return name, day, nil
		}
	}
	return "", calendar.Day{}, fmt.Errorf("%q is not the ID of a release: release-<train>-<YYYY-MM-DD>", id)
}

// MemoryID is the workflow ID of a train's memory.
func MemoryID(train string) string { return "train-" + train }

// WatchdogID is the workflow ID and the Schedule of a train's dead-man's switch.
func WatchdogID(train string) string { return "watchdog-" + train }

// DeployID is the workflow ID of a deploy; it is the lock of what it deploys to.
func DeployID(lock string) string { return "deploy-" + lock }

// DepartureID is the workflow ID of departures; the Schedule appends a time to it.
func DepartureID(train string) string { return "departure-" + train }

// NotifyID is the workflow ID that delivers the messages of a release.
func NotifyID(train string, day calendar.Day) string { return "notify-" + train + "-" + day.String() }

// NotifyDeployID is the workflow ID that delivers the messages of a deploy without a release.
func NotifyDeployID(lock string) string { return "notify-" + DeployID(lock) }

// ScheduleID is the Temporal Schedule of a train's departures.
func ScheduleID(train string) string { return "train-" + train }

// Key is the idempotency key of one outside effect: workflow, step and logical
// attempt. It is stored at the vendor and never derives from a Temporal retry.
func Key(workflowID, step string, attempt int) string {
	return fmt.Sprintf("%s/%s/%d", workflowID, step, attempt)
}

// RunVariable is the pipeline variable that carries a Key.
const RunVariable = "RELEASE_RUN_ID"

// RollbackVariable tells a rollback job which tag to put back.
const RollbackVariable = "ROLLBACK_TO"
