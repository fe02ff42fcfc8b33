package flux

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	helmv2 "github.com/fluxcd/helm-controller/api/v2"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
)

// helmRelease has brought the candidate in after the old tag.
func helmRelease() *helmv2.HelmRelease {
	h := &helmv2.HelmRelease{ObjectMeta: metav1.ObjectMeta{Name: "api", Namespace: "flux-system", Generation: 4}}
	h.Status = helmv2.HelmReleaseStatus{
		ObservedGeneration: 4, LastAttemptedGeneration: 4, LastAttemptedRevision: "1.4.0+0cc9a8446c95",
		Conditions: []metav1.Condition{
			{Type: "Ready", Status: metav1.ConditionTrue, Reason: "UpgradeSucceeded"},
			{Type: "Released", Status: metav1.ConditionTrue, Reason: "UpgradeSucceeded"},
		},
		History: helmv2.Snapshots{{Version: 2, Status: "deployed", AppVersion: "v2024.10.02.1"},
			{Version: 1, Status: "superseded", AppVersion: "v2024.10.01.1"}},
	}
	return h
}

func TestAHelmReleaseIsRolledOutOnlyWhenItsNewestSnapshotIsDeployedAndReady(t *testing.T) {
	notReady := func(reason string) func(*helmv2.HelmRelease) {
		return func(h *helmv2.HelmRelease) {
			h.Status.Conditions[0] = metav1.Condition{Type: "Ready", Status: metav1.ConditionFalse,
				Reason: reason, Message: "it broke"}
			h.Status.History[0].Status = "failed"
		}
	}
	for name, tt := range map[string]struct {
		change func(*helmv2.HelmRelease)
		phase  Phase
		reason string
	}{
		"all well":          {func(*helmv2.HelmRelease) {}, RolledOut, ""},
		"a newer spec":      {func(h *helmv2.HelmRelease) { h.Generation = 5 }, Progressing, ""},
		"not attempted yet": {func(h *helmv2.HelmRelease) { h.Status.LastAttemptedGeneration = 3 }, Progressing, ""},
		"suspended":         {func(h *helmv2.HelmRelease) { h.Spec.Suspend = true }, Suspended, "Suspended"},
		"install failed":    {notReady("InstallFailed"), Failing, "InstallFailed"},
		"upgrade failed":    {notReady("UpgradeFailed"), Failing, "UpgradeFailed"},
		"tests failed":      {notReady("TestFailed"), Failing, "TestFailed"},
		"rolled back: the old one is healthy, the candidate failed": {func(h *helmv2.HelmRelease) {
			notReady("RollbackSucceeded")(h)
			h.Status.History = append(helmv2.Snapshots{{Version: 3, Status: "deployed", AppVersion: "v2024.10.01.1"}},
				h.Status.History...)
		}, Failing, "RollbackSucceeded"},
		"stalled": {func(h *helmv2.HelmRelease) {
			notReady("UpgradeFailed")(h)
			h.Status.Conditions = append(h.Status.Conditions, metav1.Condition{Type: "Stalled", Status: metav1.ConditionTrue,
				Reason: "RetriesExceeded"})
		}, Stalled, "Stalled"},
		"the old one still": {func(h *helmv2.HelmRelease) {
			h.Status.History = h.Status.History[1:]
			h.Status.History[0].Status = "deployed"
		}, Progressing, ""},
		"under way": {func(h *helmv2.HelmRelease) {
			h.Status.Conditions = append(h.Status.Conditions,
				metav1.Condition{Type: "Reconciling", Status: metav1.ConditionTrue})
		}, Progressing, ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := helmRelease()
			tt.change(h)
			p := helmState(h, "api/").Progress(train.Candidate{Tag: tag, SHA: sha}, rules.FluxReasonFails)
			assert.Equal(t, tt.phase, p.Phase, p.Why)
			assert.Equal(t, tt.reason, p.Reason)
			assert.Equal(t, p.Phase != RolledOut, p.Why != "")
		})
	}
}

func TestAHelmReleaseOnACommitIsTheCandidateOfThatCommit(t *testing.T) {
	h := helmRelease()
	h.Status.History[0].AppVersion = sha[:12]
	assert.Equal(t, RolledOut, helmState(h, "api/").Progress(candidate, rules.FluxReasonFails).Phase)
}

func TestVersionsAreNamedWithOrWithoutPrefixAndDigest(t *testing.T) {
	for name, want := range map[string]train.Version{
		"v2024.10.02.1": {Tag: tag}, "2024.10.02.1": {Tag: tag}, tag: {Tag: tag}, "2024.10.02.1+0cc9a8446c95": {Tag: tag},
		"0123456789ab": {SHA: "0123456789ab"}, "latest": {Tag: "latest"}, "": {},
	} {
		assert.Equal(t, want, named("api/", name), name)
	}
	for image, want := range map[string]string{
		"registry.example.com:5000/maven/api:v2024.10.02.1": "v2024.10.02.1", "api:v1@sha256:abc": "v1",
		"registry.example.com:5000/api": "", "api": "",
	} {
		assert.Equal(t, want, imageTag(image), image)
	}
}

// deployment runs the candidate's image with all its replicas.
func deployment() *appsv1.Deployment {
	three := int32(3)
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "api", Namespace: "api", Generation: 7},
		Spec: appsv1.DeploymentSpec{Replicas: &three,
			Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{
				{Name: "proxy", Image: "envoy:v1"}, {Name: "app", Image: "registry.example.com/api:v2024.10.02.1"},
			}}}},
		Status: appsv1.DeploymentStatus{ObservedGeneration: 7, Replicas: 3, UpdatedReplicas: 3, AvailableReplicas: 3},
	}
}

func TestAnImageTagTellsTheVersionOnceAllReplicasRunIt(t *testing.T) {
	other := train.FluxObject{Context: "staging", Namespace: "flux-system", Kustomization: "api",
		Image: "api/api/app", TagPrefix: "api/"}
	for name, tt := range map[string]struct {
		change func(*appsv1.Deployment)
		phase  Phase
	}{
		"all replicas": {func(*appsv1.Deployment) {}, RolledOut},
		"some":         {func(d *appsv1.Deployment) { d.Status.UpdatedReplicas = 2 }, Progressing},
		"not seen yet": {func(d *appsv1.Deployment) { d.Status.ObservedGeneration = 6 }, Progressing},
		"past its deadline": {func(d *appsv1.Deployment) {
			d.Status.AvailableReplicas = 1
			d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing,
				Status: corev1.ConditionFalse, Reason: "ProgressDeadlineExceeded", Message: "it took too long"}}
		}, Failing},
		"another tag": {func(d *appsv1.Deployment) {
			d.Spec.Template.Spec.Containers[1].Image = "registry.example.com/api:v2024.10.01.1"
		}, Progressing},
	} {
		t.Run(name, func(t *testing.T) {
			k, g := objects()
			k.Status.LastAppliedRevision = "main@sha1:" + oldSHA // another repository: it does not name our tags
			d := deployment()
			tt.change(d)
			s, err := newFake(t, k, g, d).State(t.Context(), other)
			require.NoError(t, err)
			p := s.Progress(train.Candidate{Tag: tag, SHA: sha}, rules.FluxReasonFails)
			assert.Equal(t, tt.phase, p.Phase, p.Why)
		})
	}
	k, g := objects()
	other.Image = "api/api/web"
	_, err := newFake(t, k, g, deployment()).State(t.Context(), other)
	assert.ErrorContains(t, err, "the Deployment api has no container web, it has proxy, app")
	other.Image = "api/web/app"
	_, err = newFake(t, k, g, deployment()).State(t.Context(), other)
	assert.ErrorContains(t, err, "Deployment api/web")
}

func TestAStalledOrSuspendedSourceIsSaid(t *testing.T) {
	k, g := objects()
	old := oldTag + "@sha1:" + oldSHA
	k.Status.LastAppliedRevision, g.Status.Artifact.Revision = old, old
	g.Status.Conditions = []metav1.Condition{
		{Type: "Ready", Status: metav1.ConditionFalse, Reason: "URLInvalid", Message: "no such host"},
		{Type: "Stalled", Status: metav1.ConditionTrue, Reason: "URLInvalid"},
	}
	assert.Equal(t, Stalled, kustomizationState(k, g).Progress(candidate, rules.FluxReasonFails).Phase)
	g.Spec.Suspend = true
	assert.Equal(t, Suspended, kustomizationState(k, g).Progress(candidate, rules.FluxReasonFails).Phase)
}

// TestEveryConditionOfTheRecordedSamplesIsReadAsWhatItMeans takes each recorded
// object for the one that is to bring the candidate.
func TestEveryConditionOfTheRecordedSamplesIsReadAsWhatItMeans(t *testing.T) {
	files, err := filepath.Glob("../../../shared/contracts/samples/flux/*.yaml")
	require.NoError(t, err)
	more, err := filepath.Glob("../../../shared/contracts/samples/flux/docs/*.yaml")
	require.NoError(t, err)
	files = append(files, more...)
	if len(files) == 0 {
		t.Skip("shared contracts not found: Flux' recorded samples are not on this machine")
	}
	seen := map[string]int{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		text := strings.ReplaceAll(string(raw), "{{ .fluxns }}", "flux-system") // a template of flux' own tests
		for _, doc := range strings.Split(text, "\n---") {
			var g sourcev1.GitRepository
			if yaml.Unmarshal([]byte(doc), &g) == nil && g.Kind == sourcev1.GitRepositoryKind && len(g.Status.Conditions) > 0 {
				k, _ := objects()
				k.Status.LastAppliedRevision, k.Status.LastAttemptedRevision = oldTag+"@sha1:"+oldSHA, oldTag+"@sha1:"+oldSHA
				condition := g.Status.Conditions[len(g.Status.Conditions)-1]
				for _, c := range g.Status.Conditions {
					if c.Type == "Ready" {
						condition = c
					}
				}
				p := kustomizationState(k, &g).Progress(candidate, rules.FluxReasonFails)
				seen["GitRepository "+condition.Type+" "+condition.Reason]++
				switch {
				case condition.Type == "Ready" && condition.Status == metav1.ConditionFalse && condition.Reason != "":
					assert.Contains(t, []Phase{Failing, Stalled}, p.Phase, "%s: %s", file, p.Why)
				default:
					assert.Contains(t, []Phase{NotFetched, Progressing, Suspended, Failing}, p.Phase, "%s: %s", file, p.Why)
				}
				assert.NotEqual(t, RolledOut, p.Phase, "the candidate is nowhere")
			}
			var h helmv2.HelmRelease
			if yaml.Unmarshal([]byte(doc), &h) == nil && h.Kind == helmv2.HelmReleaseKind &&
				(len(h.Status.History) > 0 || len(h.Status.Conditions) > 0) {
				s := helmState(&h, "")
				p := s.Progress(candidate, rules.FluxReasonFails)
				seen["HelmRelease"]++
				assert.NotEqual(t, RolledOut, p.Phase, file)
				assert.NotEmpty(t, p.Why, file)
				for _, v := range h.Status.History {
					if v.Status == "deployed" {
						assert.Equal(t, v.AppVersion, s.Running.Tag, file)
					}
				}
			}
		}
	}
	assert.Positive(t, seen["GitRepository Ready GitOperationFailed"], seen)
	assert.Positive(t, seen["HelmRelease"])
}
