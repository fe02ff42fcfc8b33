package main

import (
	"github.com/release-train/release-train/internal/calendar"
	"github.com/release-train/release-train/internal/train"
)

// simulatedTrain is the train of the process document. Its smoke tests run in a
// project of their own, which is started once Flux is ready.
func simulatedTrain() train.Train {
	smoke := &train.Smoke{Project: "maven/smoke"}
	return train.Train{
		Name: "api", Project: "maven-clinic/maven/maven", TagPrefix: "api/", Zone: "America/New_York",
		Calendar: calendar.Calendar{Weekdays: []calendar.Weekday{1, 2, 3, 4}},
		Staging: train.Environment{
			Job: "deploy-staging", Smoke: smoke,
			Flux: train.FluxObject{Context: "staging", Namespace: "flux-system", Kustomization: "api"},
		},
		Production: train.Environment{
			Job: "promote-production", Smoke: smoke,
			Flux: train.FluxObject{Context: "production", Namespace: "flux-system", Kustomization: "api"},
		},
		E2E:     train.E2EConfig{Project: "maven/maven-web", Variables: map[string]string{"TRIGGER_ID": "e2e"}},
		Datadog: &train.DatadogConfig{Service: "api", Team: "eng-exp"},
		Slack: train.SlackConfig{
			Coordination: "#mono-release-coordination", E2E: "#staging-e2e-web-alerts", Staging: "#deploy-staging",
			Production: "#deploy-maven",
			OnCall:     "@eng-exp-on-call",
		},
	}.WithDefaults()
}
