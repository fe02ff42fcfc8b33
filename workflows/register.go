// Package workflows holds the deterministic code of Release Train: what happens
// in which order, what waits for what, what a person can ask for. It talks to
// the outside only through activities, which it knows by name and type.
//
// What is decided without waiting belongs into internal/rules as a pure function;
// what people read belongs into internal/words; what touches a network, a clock or
// a file belongs into activities.
package workflows

import (
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/release-train/release-train/internal/train"
)

// Register makes a worker run all workflows.
func Register(w worker.WorkflowRegistry) {
	for name, f := range map[string]any{
		train.ReleaseWorkflow:   ReleaseWorkflow,
		train.DeployWorkflow:    DeployWorkflow,
		train.DepartureWorkflow: DepartureWorkflow,
		train.NotifyWorkflow:    NotifyWorkflow,
		train.TrainWorkflow:     TrainWorkflow,
		train.WatchdogWorkflow:  WatchdogWorkflow,
	} {
		w.RegisterWorkflowWithOptions(f, workflow.RegisterOptions{Name: name})
	}
}
