package flux

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	kustomizev1 "github.com/fluxcd/kustomize-controller/api/v1"
	"github.com/fluxcd/pkg/apis/meta"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/yaml"

	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
)

const (
	sha    = "0123456789abcdef0123456789abcdef01234567"
	oldSHA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	tag    = "api/v2024.10.02.1"
	oldTag = "api/v2024.10.01.1"
)

var (
	candidate = train.Candidate{Tag: tag, SHA: sha}
	object    = train.FluxObject{Context: "staging", Namespace: "flux-system", Kustomization: "api"}
)

func TestRevisionsOfAllFormsAreRead(t *testing.T) {
	for revision, want := range map[string]train.Version{
		tag + "@sha1:" + sha:                    {Tag: tag, SHA: sha},
		"refs/tags/" + tag + "@sha1:" + sha:     {Tag: tag, SHA: sha},
		"refs/heads/main@sha1:" + sha:           {SHA: sha},
		"sha1:" + sha:                           {SHA: sha},
		"odd@tag@sha1:" + sha:                   {Tag: "odd@tag", SHA: sha},
		"v1@sha256:" + strings.Repeat("ab", 32): {Tag: "v1", SHA: strings.Repeat("ab", 32)},
		tag + "/" + sha:                         {Tag: tag, SHA: sha},
		sha:                                     {SHA: sha},
	} {
		v, err := ParseRevision(revision)
		require.NoError(t, err, revision)
		assert.Equal(t, want, v, revision)
	}
	for _, bad := range []string{"", "main", "1.2.3+0cc9a8446c95", "main@sha1:", "main@sha1:XYZ"} {
		_, err := ParseRevision(bad)
		assert.Error(t, err, bad)
	}
}

func FuzzParseRevisionNeverPanicsAndKeepsTheDigest(f *testing.F) {
	f.Add(tag + "@sha1:" + sha)
	f.Add("main/" + sha)
	f.Fuzz(func(t *testing.T, s string) {
		if v, err := ParseRevision(s); err == nil && !strings.HasSuffix(s, v.SHA) {
			t.Errorf("%q gave %q", s, v.SHA)
		}
	})
}

// objects are a Kustomization that runs one revision and a GitRepository that
// follows a tag, both ready.
func objects() (*kustomizev1.Kustomization, *sourcev1.GitRepository) {
	k := &kustomizev1.Kustomization{
		ObjectMeta: metav1.ObjectMeta{Name: "api", Namespace: "flux-system", Generation: 1},
		Spec: kustomizev1.KustomizationSpec{
			Wait: true, SourceRef: kustomizev1.CrossNamespaceSourceReference{Kind: sourcev1.GitRepositoryKind, Name: "mono"},
		},
		Status: kustomizev1.KustomizationStatus{
			ObservedGeneration: 1, LastAppliedRevision: tag + "@sha1:" + sha, LastAttemptedRevision: tag + "@sha1:" + sha,
			Conditions: []metav1.Condition{{Type: "Ready", Status: metav1.ConditionTrue, Reason: "ReconciliationSucceeded"}},
		},
	}
	g := &sourcev1.GitRepository{
		ObjectMeta: metav1.ObjectMeta{Name: "mono", Namespace: "flux-system"},
		Spec:       sourcev1.GitRepositorySpec{Reference: &sourcev1.GitRepositoryRef{Tag: tag}},
		Status: sourcev1.GitRepositoryStatus{
			Artifact:   &meta.Artifact{Revision: tag + "@sha1:" + sha},
			Conditions: []metav1.Condition{{Type: "Ready", Status: metav1.ConditionTrue, Reason: "Succeeded"}},
		},
	}
	return k, g
}

func (s State) rolledOut() string {
	p := s.Progress(candidate, rules.FluxReasonFails)
	if p.Phase == RolledOut {
		return "done"
	}
	return p.Why
}

func TestACandidateIsRolledOutOnlyWhenItRunsReadyAndNothingIsUnderWay(t *testing.T) {
	old := oldTag + "@sha1:" + oldSHA
	for name, tt := range map[string]struct {
		change func(*kustomizev1.Kustomization, *sourcev1.GitRepository)
		says   string
	}{
		"all well": {func(*kustomizev1.Kustomization, *sourcev1.GitRepository) {}, "done"},
		"suspended": {func(k *kustomizev1.Kustomization, _ *sourcev1.GitRepository) { k.Spec.Suspend = true },
			"is suspended"},
		"not observed yet": {func(k *kustomizev1.Kustomization, _ *sourcev1.GitRepository) { k.Generation = 2 },
			"is being reconciled"},
		"reconciling": {func(k *kustomizev1.Kustomization, _ *sourcev1.GitRepository) {
			k.Status.Conditions = append(k.Status.Conditions,
				metav1.Condition{Type: "Reconciling", Status: metav1.ConditionTrue})
		}, "is being reconciled"},
		"an unknown tag leaves the old revision ready": {func(k *kustomizev1.Kustomization, g *sourcev1.GitRepository) {
			k.Status.LastAppliedRevision, k.Status.LastAttemptedRevision, g.Status.Artifact.Revision = old, old, old
			g.Status.Conditions[0] = metav1.Condition{Type: "Ready", Status: metav1.ConditionFalse, Reason: "GitOperationFailed",
				Message: "couldn't find remote ref"}
		}, "Flux has not fetched " + tag + ": couldn't find remote ref"},
		"not fetched yet": {func(k *kustomizev1.Kustomization, g *sourcev1.GitRepository) {
			k.Status.LastAppliedRevision, g.Status.Artifact.Revision = old, old
		}, "Flux has not fetched " + tag + " yet, it holds " + oldTag},
		"not applied yet": {func(k *kustomizev1.Kustomization,
			_ *sourcev1.GitRepository) {
			k.Status.LastAppliedRevision = old
		}, "is not applied yet, " + oldTag + " runs"},
		"health checks": {func(k *kustomizev1.Kustomization, _ *sourcev1.GitRepository) {
			k.Status.LastAppliedRevision = old
			k.Status.Conditions[0] = metav1.Condition{Type: "Ready", Status: metav1.ConditionFalse, Reason: "HealthCheckFailed",
				Message: "timeout waiting for: [Deployment/api]"}
		}, "HealthCheckFailed: timeout waiting"},
		"the tag on another commit": {func(k *kustomizev1.Kustomization, g *sourcev1.GitRepository) {
			k.Status.LastAppliedRevision, g.Status.Artifact.Revision = tag+"@sha1:"+oldSHA, tag+"@sha1:"+oldSHA
		}, "has not fetched"},
		"no condition yet": {func(k *kustomizev1.Kustomization, _ *sourcev1.GitRepository) { k.Status.Conditions = nil },
			"it has not been reconciled yet"},
	} {
		t.Run(name, func(t *testing.T) {
			k, g := objects()
			tt.change(k, g)
			assert.Contains(t, kustomizationState(k, g).rolledOut(), tt.says)
		})
	}
}

func TestAFailureOfTheOldRevisionIsNoFailureOfTheCandidate(t *testing.T) {
	k, g := objects()
	k.Status.Conditions[0] = metav1.Condition{Type: "Ready", Status: metav1.ConditionFalse,
		Reason: "BuildFailed", Message: "bad yaml"}
	p := kustomizationState(k, g).Progress(candidate, rules.FluxReasonFails)
	assert.Equal(t, Failing, p.Phase)
	assert.Contains(t, p.Why, "BuildFailed: bad yaml")
	k.Status.LastAttemptedRevision, k.Status.LastAppliedRevision = oldTag+"@sha1:"+oldSHA, oldTag+"@sha1:"+oldSHA
	assert.Equal(t, Progressing, kustomizationState(k, g).Progress(candidate, rules.FluxReasonFails).Phase)
}

func TestABranchIsNoTag(t *testing.T) {
	k, g := objects()
	g.Spec.Reference = &sourcev1.GitRepositoryRef{Branch: "main"}
	k.Status.LastAppliedRevision = "main@sha1:" + sha
	s := kustomizationState(k, g)
	assert.Equal(t, train.Version{SHA: sha}, s.Running)
	assert.Equal(t, "main", s.Wanted)
}

func newFake(t *testing.T, objects ...client.Object) *Client {
	t.Helper()
	scheme := runtime.NewScheme()
	require.NoError(t, errors.Join(kustomizev1.AddToScheme(scheme), sourcev1.AddToScheme(scheme),
		appsv1.AddToScheme(scheme)))
	reader := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build()
	return NewWithReaders(map[string]client.Reader{"staging": reader})
}

func TestAStateIsReadFromTheCluster(t *testing.T) {
	k, g := objects()
	s, err := newFake(t, k, g).State(t.Context(), object)
	require.NoError(t, err)
	assert.Equal(t, "done", s.rolledOut())
	assert.True(t, s.Waits)
}

func TestAMissingObjectIsNamed(t *testing.T) {
	_, err := newFake(t).State(t.Context(), object)
	assert.True(t, train.FaultIs(err, train.FaultNotFound), err)
	require.ErrorContains(t, err, "Kustomization flux-system/api in cluster staging")
	k, _ := objects()
	_, err = newFake(t, k).State(t.Context(), object)
	assert.ErrorContains(t, err, "GitRepository flux-system/mono")
}

func TestAnUnknownContextListsTheKnownOnes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(path,
		[]byte(`{"apiVersion":"v1","kind":"Config","contexts":[{"name":"blue","context":{"cluster":"c","user":"u"}}]}`),
		0o600))
	c, err := New(Options{Kubeconfig: path})
	require.NoError(t, err)
	_, err = c.State(t.Context(), object)
	assert.True(t, train.FaultIs(err, train.FaultInvalid), err)
	assert.ErrorContains(t, err, "has the contexts blue")
}

func TestHTTPErrorsOfTheAPIServerAreFaults(t *testing.T) {
	for status, kind := range map[int]train.FaultKind{
		401: train.FaultAuth, 403: train.FaultForbidden, 404: train.FaultNotFound, 500: train.FaultUnavailable,
		503: train.FaultUnavailable, 504: train.FaultUnavailable,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		path := filepath.Join(t.TempDir(), "kubeconfig")
		config := `{"apiVersion":"v1","kind":"Config","clusters":[{"name":"c","cluster":{"server":"` + server.URL + `"}}],"contexts":[{"name":"staging","context":{"cluster":"c"}}]}`
		require.NoError(t, os.WriteFile(path, []byte(config), 0o600))
		c, err := New(Options{Kubeconfig: path})
		require.NoError(t, err)
		_, err = c.State(context.Background(), object)
		assert.True(t, train.FaultIs(err, kind), "%d: %v", status, err)
		server.Close()
	}
}

// Objects with status as Flux' own repositories show them.
func TestRecordedObjectsGiveASensibleState(t *testing.T) {
	dir := os.Getenv("RELEASE_TRAIN_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	samples := filepath.Join(dir, "contracts", "samples", "flux")
	if _, err := os.Stat(samples); err != nil {
		t.Skip("shared contracts not found: " + dir)
	}
	files, err := filepath.Glob(filepath.Join(samples, "*.yaml"))
	require.NoError(t, err)
	read := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, doc := range strings.Split(string(raw), "\n---") {
			var k kustomizev1.Kustomization
			if yaml.Unmarshal([]byte(doc), &k) == nil && k.Kind == kustomizev1.KustomizationKind {
				read++
				s := kustomizationState(&k, nil)
				assert.Equal(t, k.Status.LastAppliedRevision != "", s.Running.SHA != "", file)
				p := s.Progress(candidate, rules.FluxReasonFails)
				assert.NotEqual(t, RolledOut, p.Phase)
				assert.NotEmpty(t, p.Why)
			}
			var g sourcev1.GitRepository
			if yaml.Unmarshal([]byte(doc), &g) == nil && g.Kind == sourcev1.GitRepositoryKind && g.Status.Artifact != nil {
				read++
				k, _ := objects()
				s := kustomizationState(k, &g)
				assert.NotEmpty(t, s.Fetched.SHA, file)
				assert.NotEmpty(t, s.Wanted, file)
			}
		}
	}
	assert.Positive(t, read)
}

func TestReadySinceIsWhenFluxBecameReadyAndUnknownWhereAnImageTells(t *testing.T) {
	at := metav1.NewTime(time.Date(2026, 11, 24, 16, 0, 0, 0, time.UTC))
	k := &kustomizev1.Kustomization{}
	k.Status.Conditions = []metav1.Condition{{Type: "Ready", Status: metav1.ConditionTrue, LastTransitionTime: at}}
	s := kustomizationState(k, nil)
	assert.Equal(t, at.Time, s.ReadySince)
	d := &appsv1.Deployment{}
	d.Spec.Template.Spec.Containers = []corev1.Container{{Name: "api", Image: "registry/api:1"}}
	s, err := s.withImage(d, "api", "api/")
	require.NoError(t, err)
	assert.Zero(t, s.ReadySince)
	k.Status.Conditions[0].Status = metav1.ConditionFalse
	assert.Zero(t, kustomizationState(k, nil).ReadySince)
}
