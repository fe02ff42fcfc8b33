package workflows

import (
	"github.com/release-train/release-train/internal/train"
)

// datadogWorld is what Datadog tells of a deploy, and what it is told.
type datadogWorld struct {
	evidence train.Evidence
	err      error
	recorded []train.DatadogRecord
}

func (w *world) answerDatadog() {
	on(w, datadog.Evidence, func(train.EvidenceInput) (train.Evidence, error) { return w.datadog.evidence, w.datadog.err })
	on(w, datadog.Record, func(in train.DatadogRecord) (train.Done, error) {
		if w.datadog.err == nil {
			w.datadog.recorded = append(w.datadog.recorded, in)
			w.transcript.datadog(in.Event, in.Deployment, in.Failure)
		}
		return train.Done{}, w.datadog.err
	})
}
