package kubetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	helm "github.com/fluxcd/helm-controller/api/v2"
	kustomize "github.com/fluxcd/kustomize-controller/api/v1"
	"github.com/fluxcd/pkg/apis/meta"
	source "github.com/fluxcd/source-controller/api/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	yamlutil "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/release-train/release-train/internal/flux"
	"github.com/release-train/release-train/internal/rules"
	"github.com/release-train/release-train/internal/train"
)

const (
	tag    = "api/v2024.10.02.1"
	oldTag = "api/v2024.10.01.1"
)

var (
	candidate = train.Candidate{Tag: tag, SHA: strings.Repeat("0", 39) + "1"}
	revision  = tag + "@sha1:" + candidate.SHA
	old       = oldTag + "@sha1:" + strings.Repeat("a", 40)
)

// server is one for all tests: each has a namespace of its own.
var server *Server

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) (code int) {
	var err error
	if server, err = Start(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "start the API server:", err)
		return 1
	}
	defer func() {
		if err := server.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stop the API server:", err)
			code = 1
		}
	}()
	return m.Run()
}

// --- what tests are made of: new kinds of sources get a constructor like
// rolledOut and cases in the table below.

// world is a namespace with the objects that one train follows.
type world struct {
	object        train.FluxObject
	kustomization *kustomize.Kustomization
	repository    *source.GitRepository
}

var (
	unsafeInNames = regexp.MustCompile(`[^a-z0-9]+`)
	namespaces    sync.Map // of the names by test
	lastNamespace atomic.Int64
)

// namespace is the test's own, also when it runs again: nobody has to create it.
func namespace(t *testing.T) string {
	t.Helper()
	if known, ok := namespaces.Load(t); ok {
		return known.(string)
	}
	name := unsafeInNames.ReplaceAllString(strings.ToLower(t.Name()), "-")
	name = strings.Trim(name[:min(len(name), 50)], "-") + "-" + strconv.FormatInt(lastNamespace.Add(1), 10)
	namespaces.Store(t, name)
	return name
}

// rolledOut is a Kustomization that runs the candidate's tag and the
// GitRepository that fetched it, both ready; not created yet.
func rolledOut(t *testing.T) *world {
	t.Helper()
	ns := namespace(t)
	return &world{
		object: train.FluxObject{Context: "staging", Namespace: ns, Kustomization: "api"},
		kustomization: &kustomize.Kustomization{
			ObjectMeta: metav1.ObjectMeta{Name: "api", Namespace: ns},
			Spec: kustomize.KustomizationSpec{
				Interval: metav1.Duration{Duration: time.Minute}, Wait: true, Prune: true,
				SourceRef: kustomize.CrossNamespaceSourceReference{Kind: source.GitRepositoryKind, Name: "mono"},
			},
			Status: kustomize.KustomizationStatus{
				ObservedGeneration: 1, LastAppliedRevision: revision, LastAttemptedRevision: revision,
				Conditions: []metav1.Condition{ready(metav1.ConditionTrue, "ReconciliationSucceeded",
					"Applied revision: "+revision)},
			},
		},
		repository: &source.GitRepository{
			ObjectMeta: metav1.ObjectMeta{Name: "mono", Namespace: ns},
			Spec: source.GitRepositorySpec{
				URL: "https://gitlab.example.com/maven/maven.git", Interval: metav1.Duration{Duration: time.Minute},
				Reference: &source.GitRepositoryRef{Tag: tag},
			},
			Status: source.GitRepositoryStatus{
				ObservedGeneration: 1, Artifact: artifact(revision),
				Conditions: []metav1.Condition{ready(metav1.ConditionTrue, "Succeeded",
					"stored artifact for revision '"+revision+"'")},
			},
		},
	}
}

// helmRelease is one that runs the candidate's version, ready; not created yet.
func helmRelease(t *testing.T) *helm.HelmRelease {
	t.Helper()
	at := metav1.NewTime(time.Date(2024, 10, 2, 17, 0, 0, 0, time.UTC))
	return &helm.HelmRelease{
		ObjectMeta: metav1.ObjectMeta{Name: "api", Namespace: namespace(t)},
		Spec: helm.HelmReleaseSpec{
			Interval: metav1.Duration{Duration: time.Minute},
			ChartRef: &helm.CrossNamespaceSourceReference{Kind: "OCIRepository", Name: "api"},
		},
		Status: helm.HelmReleaseStatus{
			ObservedGeneration: 1, LastAttemptedGeneration: 1, LastAttemptedRevision: "1.2.3",
			Conditions: []metav1.Condition{
				ready(metav1.ConditionTrue, "UpgradeSucceeded", "Helm upgrade succeeded"),
				condition("Released", metav1.ConditionTrue, "UpgradeSucceeded", "Helm upgrade succeeded"),
			},
			History: helm.Snapshots{{
				Name: "api", Namespace: namespace(t), Version: 2, Status: "deployed", ChartName: "api", ChartVersion: "1.2.3",
				AppVersion: strings.TrimPrefix(tag, "api/"), ConfigDigest: "sha256:" + strings.Repeat("e", 64),
				Digest:        "sha256:" + strings.Repeat("f", 64),
				FirstDeployed: at, LastDeployed: at,
			}},
		},
	}
}

// deployment is one whose two pods run an image, all available; not created yet.
func deployment(t *testing.T, imageTag string) *apps.Deployment {
	t.Helper()
	labels := map[string]string{"app": "api"}
	return &apps.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "api", Namespace: namespace(t)},
		Spec: apps.DeploymentSpec{
			Replicas: new(int32(2)), Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: core.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: core.PodSpec{Containers: []core.Container{{Name: "api",
					Image: "registry.example.com/api:" + imageTag}}},
			},
		},
		Status: apps.DeploymentStatus{
			ObservedGeneration: 1, Replicas: 2, UpdatedReplicas: 2, AvailableReplicas: 2,
			Conditions: []apps.DeploymentCondition{{Type: apps.DeploymentAvailable, Status: core.ConditionTrue,
				Reason: "MinimumReplicasAvailable"}},
		},
	}
}

// running changes what the cluster runs, by its revision.
func (w *world) running(revision string) {
	w.kustomization.Status.LastAppliedRevision, w.kustomization.Status.LastAttemptedRevision = revision, revision
}

// failed changes the Kustomization's Ready condition.
func (w *world) failed(reason, message string) {
	w.kustomization.Status.Conditions = []metav1.Condition{ready(metav1.ConditionFalse, reason, message)}
}

func ready(status metav1.ConditionStatus, reason, message string) metav1.Condition {
	return condition("Ready", status, reason, message)
}

func condition(kind string, status metav1.ConditionStatus, reason, message string) metav1.Condition {
	return metav1.Condition{
		Type: kind, Status: status, Reason: reason, Message: message, ObservedGeneration: 1,
		LastTransitionTime: metav1.NewTime(time.Date(2024, 10, 2, 17, 0, 0, 0, time.UTC)),
	}
}

func artifact(revision string) *meta.Artifact {
	return &meta.Artifact{
		Revision: revision, Path: "gitrepository/mono.tar.gz", URL: "http://source-controller/gitrepository/mono.tar.gz",
		Digest:         "sha256:" + strings.Repeat("b", 64),
		LastUpdateTime: metav1.NewTime(time.Date(2024, 10, 2, 17, 0, 0, 0, time.UTC)),
	}
}

// create puts an object and its status on the server, as a person and then a
// controller would.
func create(t *testing.T, o client.Object) {
	t.Helper()
	wanted, ok := o.DeepCopyObject().(client.Object)
	require.True(t, ok)
	require.NoError(t, server.Client().Create(t.Context(), o))
	wanted.SetResourceVersion(o.GetResourceVersion())
	wanted.SetUID(o.GetUID())
	require.NoError(t, server.Client().Status().Update(t.Context(), wanted))
	require.NoError(t, server.Client().Get(t.Context(), client.ObjectKeyFromObject(o), o))
}

func (w *world) create(t *testing.T) {
	t.Helper()
	create(t, w.repository)
	create(t, w.kustomization)
}

// look reads the object through the product's own client.
func look(t *testing.T, object train.FluxObject) (flux.State, error) {
	t.Helper()
	c, err := flux.New(flux.Options{Kubeconfig: server.Kubeconfig("staging", "production")})
	require.NoError(t, err)
	return c.State(t.Context(), object)
}

// see says where the candidate is.
func see(t *testing.T, object train.FluxObject) flux.Progress {
	t.Helper()
	s, err := look(t, object)
	require.NoError(t, err)
	return s.Progress(candidate, rules.FluxReasonFails)
}

// --- the adapter against the server

func TestOnlyARevisionThatRunsReadyIsSuccess(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*world)
		phase  flux.Phase
		why    string
	}{
		"rolled out": {change: func(*world) {}, phase: flux.RolledOut},
		"not fetched yet": {
			change: func(w *world) {
				w.running(old)
				w.repository.Status.Artifact = artifact(old)
			},
			phase: flux.NotFetched, why: "Flux has not fetched " + tag + " yet, it holds " + oldTag,
		},
		"fetched and not applied yet": {
			change: func(w *world) { w.running(old) },
			phase:  flux.Progressing, why: tag + " is not applied yet, " + oldTag + " runs",
		},
		"an unknown tag leaves the old revision ready and is not success": {
			change: func(w *world) {
				w.running(old)
				w.repository.Status.Artifact = artifact(old)
				message := "failed to checkout and determine revision: unable to clone: couldn't find remote ref \"refs/tags/" + tag + "\""
				w.repository.Status.Conditions = []metav1.Condition{ready(metav1.ConditionFalse, "GitOperationFailed", message)}
			},
			phase: flux.Failing, why: "couldn't find remote ref",
		},
		"an unknown tag at the first deploy": {
			change: func(w *world) {
				w.kustomization.Status = kustomize.KustomizationStatus{ObservedGeneration: 1}
				w.failed("ArtifactFailed", "Source artifact not found, retrying in 30s")
				w.repository.Status.Artifact = nil
				w.repository.Status.Conditions = []metav1.Condition{ready(metav1.ConditionFalse, "GitOperationFailed",
					"couldn't find remote ref")}
			},
			phase: flux.Failing, why: "couldn't find remote ref",
		},
		"health checks fail": {
			change: func(w *world) {
				w.kustomization.Status.LastAppliedRevision = old
				w.failed("HealthCheckFailed", "timeout waiting for: [Deployment/api/api status: 'InProgress']")
			},
			phase: flux.Failing, why: "HealthCheckFailed: timeout waiting for: [Deployment/api/api",
		},
		"a failure of the old revision is none of the candidate": {
			change: func(w *world) {
				w.running(old)
				w.failed("BuildFailed", "kustomization.yaml: bad yaml")
			},
			phase: flux.Progressing, why: "BuildFailed: kustomization.yaml: bad yaml",
		},
		"stalled": {
			change: func(w *world) {
				w.kustomization.Status.LastAppliedRevision = old
				w.failed("InvalidCELExpression", "failed to compile")
				w.kustomization.Status.Conditions = append(w.kustomization.Status.Conditions,
					condition("Stalled", metav1.ConditionTrue, "InvalidCELExpression", "failed to compile"))
			},
			phase: flux.Stalled, why: "InvalidCELExpression",
		},
		"suspended on the old revision": {
			change: func(w *world) {
				w.running(old)
				w.kustomization.Spec.Suspend = true
			},
			phase: flux.Suspended, why: "resume it with flux resume kustomization api",
		},
		"suspended after the rollout": {
			change: func(w *world) { w.kustomization.Spec.Suspend = true }, phase: flux.Suspended,
			why: "resume it with flux resume kustomization api",
		},
		"reconciling": {
			change: func(w *world) {
				w.kustomization.Status.Conditions = append(w.kustomization.Status.Conditions,
					condition("Reconciling", metav1.ConditionTrue, "ProgressingWithRetry", "Running health checks"))
			},
			phase: flux.Progressing, why: "is being reconciled",
		},
		"a commit is told from another one under the same tag": {
			change: func(w *world) {
				moved := tag + "@sha1:" + strings.Repeat("c", 40)
				w.running(moved)
				w.repository.Status.Artifact = artifact(moved)
			},
			phase: flux.NotFetched, why: "has not fetched",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := rolledOut(t)
			tt.change(w)
			w.create(t)
			p := see(t, w.object)
			assert.Equal(t, tt.phase, p.Phase, p.Why)
			assert.Contains(t, p.Why, tt.why)
		})
	}
}

func TestANewTagIsBeingReconciledUntilTheControllerHasSeenIt(t *testing.T) {
	w := rolledOut(t)
	w.create(t)
	require.EqualValues(t, 1, w.kustomization.Generation)

	w.kustomization.Spec.Path = "./staging"
	require.NoError(t, server.Client().Update(t.Context(), w.kustomization))
	assert.EqualValues(t, 2, w.kustomization.Generation, "a change of the specification counts")
	assert.EqualValues(t, 1, w.kustomization.Status.ObservedGeneration)
	p := see(t, w.object)
	assert.Equal(t, flux.Progressing, p.Phase)
	assert.Contains(t, p.Why, "is being reconciled")

	w.kustomization.Status.ObservedGeneration = 2
	require.NoError(t, server.Client().Status().Update(t.Context(), w.kustomization))
	assert.EqualValues(t, 2, w.kustomization.Generation, "a change of the status does not")
	assert.Equal(t, flux.Progress{Phase: flux.RolledOut}, see(t, w.object))
}

func TestAMissingObjectIsNamed(t *testing.T) {
	w := rolledOut(t)
	_, err := look(t, w.object)
	assert.True(t, train.FaultIs(err, train.FaultNotFound), err)
	assert.ErrorContains(t, err, "Kustomization "+w.object.Namespace+"/api in cluster staging")
	create(t, w.kustomization)
	_, err = look(t, w.object)
	assert.True(t, train.FaultIs(err, train.FaultNotFound), err)
	assert.ErrorContains(t, err, "GitRepository "+w.object.Namespace+"/mono in cluster staging")
}

func TestEachContextOfTheKubeconfigIsAClusterAndAnotherIsRefused(t *testing.T) {
	w := rolledOut(t)
	w.create(t)
	w.object.Context = "production"
	assert.Equal(t, flux.Progress{Phase: flux.RolledOut}, see(t, w.object))
	w.object.Context = "elsewhere"
	_, err := look(t, w.object)
	assert.ErrorContains(t, err, "has the contexts production, staging")
}

func TestAHelmReleaseTellsTheVersionByItsHistory(t *testing.T) {
	object := train.FluxObject{Context: "staging", Namespace: namespace(t), HelmRelease: "api", TagPrefix: "api/"}
	_, err := look(t, object)
	assert.True(t, train.FaultIs(err, train.FaultNotFound), err)
	assert.ErrorContains(t, err, "HelmRelease "+object.Namespace+"/api in cluster staging")

	h := helmRelease(t)
	create(t, h)
	assert.Equal(t, flux.Progress{Phase: flux.RolledOut}, see(t, object))

	h.Status.Conditions = []metav1.Condition{
		ready(metav1.ConditionFalse, "UpgradeFailed", "context deadline exceeded"),
		condition("Released", metav1.ConditionFalse, "UpgradeFailed", "context deadline exceeded"),
	}
	h.Status.History[0].Status = "failed"
	require.NoError(t, server.Client().Status().Update(t.Context(), h))
	p := see(t, object)
	assert.Equal(t, flux.Failing, p.Phase, p.Why)
	assert.Contains(t, p.Why, "UpgradeFailed: context deadline exceeded")
}

func TestTheImageOfAWorkloadTellsTheVersion(t *testing.T) {
	w := rolledOut(t)
	w.running("main@sha1:" + strings.Repeat("d", 40)) // a repository of manifests
	w.create(t)
	w.object.Image, w.object.TagPrefix = w.object.Namespace+"/api/api", "api/"
	_, err := look(t, w.object)
	assert.True(t, train.FaultIs(err, train.FaultNotFound), err)
	assert.ErrorContains(t, err, "Deployment "+w.object.Namespace+"/api in cluster staging")

	d := deployment(t, "v2024.10.02.1")
	create(t, d)
	assert.Equal(t, flux.Progress{Phase: flux.RolledOut}, see(t, w.object))

	d.Spec.Replicas = new(int32(3))
	require.NoError(t, server.Client().Update(t.Context(), d))
	p := see(t, w.object)
	assert.Equal(t, flux.Progressing, p.Phase, p.Why)
}

// --- the server itself

func TestTheServerRefusesWhatTheSchemasRefuse(t *testing.T) {
	w := rolledOut(t)
	w.kustomization.Spec.SourceRef.Kind = "Mercurial"
	err := server.Client().Create(t.Context(), w.kustomization)
	assert.True(t, apierrors.IsInvalid(err), err)
	assert.ErrorContains(t, err, `Unsupported value: "Mercurial"`)

	w.repository.Spec.URL = "ftp://gitlab.example.com/maven.git"
	err = server.Client().Create(t.Context(), w.repository)
	assert.True(t, apierrors.IsInvalid(err), err)
	assert.ErrorContains(t, err, "spec.url")

	// a rule in CEL, not only a pattern
	err = server.Client().Create(t.Context(), &helm.HelmRelease{
		ObjectMeta: metav1.ObjectMeta{Name: "api", Namespace: namespace(t)},
		Spec:       helm.HelmReleaseSpec{Interval: metav1.Duration{Duration: time.Minute}},
	})
	assert.True(t, apierrors.IsInvalid(err), err)
	assert.ErrorContains(t, err, "either chart or chartRef must be set")

	w = rolledOut(t)
	w.kustomization.Status.Conditions[0].Status = "Perhaps"
	status := w.kustomization.Status
	require.NoError(t, server.Client().Create(t.Context(), w.kustomization), "the status is not looked at here")
	w.kustomization.Status = status
	err = server.Client().Status().Update(t.Context(), w.kustomization)
	assert.ErrorContains(t, err, `Unsupported value: "Perhaps"`)
}

func TestStatusIsWrittenApartFromTheSpecification(t *testing.T) {
	w := rolledOut(t)
	status := w.kustomization.Status
	require.NoError(t, server.Client().Create(t.Context(), w.kustomization))
	assert.Empty(t, w.kustomization.Status.Conditions, "a create has no status")
	assert.EqualValues(t, -1, w.kustomization.Status.ObservedGeneration, "it gets the schema's default")
	create(t, w.repository)
	p := see(t, w.object)
	assert.Equal(t, flux.Progressing, p.Phase)
	assert.Contains(t, p.Why, "it has not been reconciled yet")

	w.kustomization.Status = status
	require.NoError(t, server.Client().Update(t.Context(), w.kustomization))
	assert.Empty(t, w.kustomization.Status.Conditions, "an update has none either")

	w.kustomization.Status, w.kustomization.Spec.Suspend = status, true
	require.NoError(t, server.Client().Status().Update(t.Context(), w.kustomization))
	assert.Equal(t, revision, w.kustomization.Status.LastAppliedRevision)
	assert.False(t, w.kustomization.Spec.Suspend, "an update of the status changes nothing else")
	assert.EqualValues(t, 1, w.kustomization.Generation)

	stale := w.kustomization.DeepCopy()
	stale.ResourceVersion = "1"
	assert.True(t, apierrors.IsConflict(server.Client().Status().Update(t.Context(), stale)))
}

func TestADeploymentIsWrittenAndReadWithGenerationAndStatus(t *testing.T) {
	d := deployment(t, "v2024.10.02.1")
	create(t, d)
	assert.Equal(t, int32(2), d.Status.AvailableReplicas)
	assert.EqualValues(t, 1, d.Generation)
	d.Spec.Template.Spec.Containers[0].Image = "registry.example.com/api:v2024.10.03.1"
	require.NoError(t, server.Client().Update(t.Context(), d))
	assert.EqualValues(t, 2, d.Generation)
	assert.EqualValues(t, 1, d.Status.ObservedGeneration)
}

func TestTheServerListensOnTheLoopbackInterfaceOnly(t *testing.T) {
	host, _, err := net.SplitHostPort(strings.TrimPrefix(server.config.Host, "https://"))
	require.NoError(t, err)
	assert.Equal(t, "127.0.0.1", host)
	for _, u := range append(server.etcd.Config().ListenClientUrls, server.etcd.Config().ListenPeerUrls...) {
		assert.Equal(t, "unix", u.Scheme)
	}
}

// --- the recorded objects

// Recorded samples are templates or documentation: these are the holes in them.
var holes = strings.NewReplacer("{{ .fluxns }}", "flux-system", "{{ .ns }}", "apps", "<", "", ">", "")

func TestRecordedObjectsFitTheDefinitions(t *testing.T) {
	dir := os.Getenv("RELEASE_TRAIN_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	samples := filepath.Join(dir, "contracts", "samples", "flux")
	if _, err := os.Stat(samples); err != nil {
		t.Skip("shared contracts not found: " + dir)
	}
	var files []string
	for _, pattern := range []string{"*.yaml", filepath.Join("docs", "*.yaml")} {
		found, err := filepath.Glob(filepath.Join(samples, pattern))
		require.NoError(t, err)
		files = append(files, found...)
	}
	fitted := map[string]int{}
	for _, file := range files {
		for i, o := range recorded(t, file) {
			t.Run(filepath.Base(file)+" "+strconv.Itoa(i), func(t *testing.T) {
				o.SetNamespace(namespace(t))
				wanted := o.DeepCopy()
				create(t, o)
				assert.Equal(t, status(t, wanted), status(t, o))
				fitted[o.GetKind()]++
			})
		}
	}
	for _, kind := range []string{helm.HelmReleaseKind, kustomize.KustomizationKind, source.GitRepositoryKind} {
		assert.Positive(t, fitted[kind], kind)
	}
	t.Log(fitted)
}

// recorded are the objects of a file that have a status and are of the kinds
// that are followed.
func recorded(t *testing.T, file string) []*unstructured.Unstructured {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	var out []*unstructured.Unstructured
	documents := yamlutil.NewYAMLReader(bufio.NewReader(strings.NewReader(holes.Replace(string(raw)))))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(t, err)
		o := &unstructured.Unstructured{}
		if yaml.Unmarshal(document, &o.Object) != nil || o.Object["status"] == nil {
			continue // an excerpt, not an object
		}
		switch o.GroupVersionKind() {
		case helm.GroupVersion.WithKind(helm.HelmReleaseKind),
			kustomize.GroupVersion.WithKind(kustomize.KustomizationKind),
			source.GroupVersion.WithKind(source.GitRepositoryKind):
			out = append(out, o)
		}
	}
}

// status is the whole status as the Go types see it: what they do not know, the
// server drops as well.
func status(t *testing.T, o *unstructured.Unstructured) any {
	t.Helper()
	convert := func(to any) {
		require.NoError(t, runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, to))
	}
	switch o.GetKind() {
	case helm.HelmReleaseKind:
		var h helm.HelmRelease
		convert(&h)
		return h.Status
	case kustomize.KustomizationKind:
		var k kustomize.Kustomization
		convert(&k)
		return k.Status
	default:
		var g source.GitRepository
		convert(&g)
		return g.Status
	}
}
