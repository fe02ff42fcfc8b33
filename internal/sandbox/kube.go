package sandbox

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	kustomize "github.com/fluxcd/kustomize-controller/api/v1"
	"github.com/fluxcd/pkg/apis/meta"
	source "github.com/fluxcd/source-controller/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/release-train/release-train/internal/train"
)

// kube is the state of the clusters: one Flux Kustomization and its
// GitRepository per environment. What Flux reports is a function of the clock.
type kube struct {
	s       *Sandbox
	objects []*fluxObject
}

type fluxObject struct {
	train.FluxObject
	before     train.Version // what ran before the newest deploy
	wanted     train.Version // what the GitRepository is to follow
	since      time.Time     // when that was said
	generation int64
	trouble    string // what is wrong with Flux; empty: nothing
}

func newKube(s *Sandbox) *kube { return &kube{s: s} }

func (k *kube) add(o train.FluxObject, running train.Version) {
	if k.find(o) == nil {
		k.objects = append(k.objects, &fluxObject{FluxObject: o, before: running, wanted: running, generation: 1})
	}
}

func (k *kube) find(o train.FluxObject) *fluxObject {
	for _, f := range k.objects {
		if f.FluxObject == o {
			return f
		}
	}
	return nil
}

// deploy makes an environment follow another tag from an instant on.
func (k *kube) deploy(o train.FluxObject, v train.Version, at time.Time) {
	f := k.find(o)
	f.before, _, _ = f.at(at, k.s.options.Pace.Flux)
	f.wanted, f.since = v, at
	f.generation++
}

// fetchShare is which part of a rollout Flux spends on fetching the tag.
const fetchShare = 3

// at says what runs, what has been fetched, and whether a rollout is under way.
func (f *fluxObject) at(now time.Time, takes time.Duration) (running, fetched train.Version, reconciling bool) {
	if f.stuck() {
		if f.trouble == "stalled" || f.trouble == "unhealthy" {
			return f.before, f.wanted, false
		}
		return f.before, f.before, false
	}
	switch since := now.Sub(f.since); {
	case f.since.IsZero() || since >= takes:
		return f.wanted, f.wanted, false
	case since >= takes/fetchShare:
		return f.before, f.wanted, true
	default:
		return f.before, f.before, false
	}
}

// stuck says whether something is to be rolled out that cannot be.
func (f *fluxObject) stuck() bool { return f.trouble != "" && f.wanted != f.before }

// revision is a version as Flux writes it.
func revision(v train.Version) string {
	if v.SHA == "" {
		return ""
	}
	return v.Tag + "@sha1:" + v.SHA
}

func (k *kube) kustomization(f *fluxObject) kustomize.Kustomization {
	running, _, reconciling := f.at(k.s.now(), k.s.options.Pace.Flux)
	out := kustomize.Kustomization{
		TypeMeta:   metav1.TypeMeta{APIVersion: kustomize.GroupVersion.String(), Kind: kustomize.KustomizationKind},
		ObjectMeta: objectMeta(f, f.Kustomization, 1),
		Spec: kustomize.KustomizationSpec{
			Interval: metav1.Duration{Duration: time.Minute}, Prune: true, Wait: true, Path: "./deploy",
			SourceRef: kustomize.CrossNamespaceSourceReference{Kind: source.GitRepositoryKind, Name: f.Kustomization},
		},
	}
	out.Status.ObservedGeneration = 1
	out.Status.LastAppliedRevision = revision(running)
	out.Status.LastAttemptedRevision = revision(running)
	readySince := f.since
	if !f.since.IsZero() {
		readySince = f.since.Add(k.s.options.Pace.Flux)
	}
	ready := condition(meta.ReadyCondition, metav1.ConditionTrue, meta.ReconciliationSucceededReason,
		"Applied revision: "+revision(running), readySince)
	if reconciling {
		out.Status.LastAttemptedRevision = revision(f.wanted)
		ready = condition(meta.ReadyCondition, metav1.ConditionUnknown, meta.ProgressingReason,
			"Reconciliation in progress", f.since)
		out.Status.Conditions = append(out.Status.Conditions,
			condition(meta.ReconcilingCondition, metav1.ConditionTrue, meta.ProgressingReason,
				"Running health checks for revision "+revision(f.wanted), f.since))
	}
	if f.stuck() && (f.trouble == "stalled" || f.trouble == "unhealthy") {
		out.Status.LastAttemptedRevision = revision(f.wanted)
		ready = condition(meta.ReadyCondition, metav1.ConditionFalse, meta.HealthCheckFailedReason,
			"timeout waiting for: [Deployment/api status: 'InProgress']", f.since)
		if f.trouble == "stalled" {
			out.Status.Conditions = append(out.Status.Conditions,
				condition(meta.StalledCondition, metav1.ConditionTrue, meta.HealthCheckFailedReason,
					"it will not be tried again before its specification changes", f.since))
		}
	}
	out.Spec.Suspend = f.trouble == "suspended"
	out.Status.Conditions = append(out.Status.Conditions, ready)
	return out
}

func (k *kube) gitRepository(f *fluxObject) source.GitRepository {
	_, fetched, _ := f.at(k.s.now(), k.s.options.Pace.Flux)
	out := source.GitRepository{
		TypeMeta:   metav1.TypeMeta{APIVersion: source.GroupVersion.String(), Kind: source.GitRepositoryKind},
		ObjectMeta: objectMeta(f, f.Kustomization, f.generation),
		Spec: source.GitRepositorySpec{
			URL: "https://gitlab.example.com/repository.git", Interval: metav1.Duration{Duration: time.Minute},
			Reference: &source.GitRepositoryRef{Tag: f.wanted.Tag},
		},
	}
	out.Status.ObservedGeneration = f.generation
	out.Status.Artifact = &meta.Artifact{
		Path: "gitrepository/artifact.tar.gz", URL: "http://source-controller/artifact.tar.gz", Revision: revision(fetched),
		LastUpdateTime: metav1.NewTime(f.since),
	}
	if f.stuck() && f.trouble == "unfetched" {
		out.Status.Conditions = []metav1.Condition{condition(meta.ReadyCondition, metav1.ConditionFalse,
			source.GitOperationFailedReason,
			fmt.Sprintf("failed to checkout and determine revision: couldn't find remote ref \"refs/tags/%s\"", f.wanted.Tag),
			f.since)}
		return out
	}
	out.Status.Conditions = []metav1.Condition{condition(meta.ReadyCondition, metav1.ConditionTrue, meta.SucceededReason,
		"stored artifact for revision '"+revision(fetched)+"'", f.since)}
	return out
}

func objectMeta(f *fluxObject, name string, generation int64) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: f.Namespace, Generation: generation,
		ResourceVersion: fmt.Sprint(f.generation)}
}

func condition(kind string, status metav1.ConditionStatus, reason, message string, at time.Time) metav1.Condition {
	return metav1.Condition{Type: kind, Status: status, Reason: reason, Message: message,
		LastTransitionTime: metav1.NewTime(at), ObservedGeneration: 1}
}

// serve answers /clusters/<context>/apis/<group>/<version>/namespaces/<ns>/<kind>/<name>.
func (k *kube) serve(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/clusters/"), "/")
	cluster, rest := parts[0], parts[1:]
	if r.Header.Get("Authorization") != "Bearer "+kubeToken {
		status(w, http.StatusUnauthorized, metav1.StatusReasonUnauthorized, "Unauthorized")
		return
	}
	if len(rest) == 1 && rest[0] == "version" {
		answer(w, http.StatusOK, map[string]any{"major": "1", "minor": "37", "gitVersion": "v1.37.2"})
		return
	}
	if r.Method != http.MethodGet || len(rest) < 6 || rest[0] != "apis" || rest[3] != "namespaces" {
		status(w, http.StatusNotFound, metav1.StatusReasonNotFound, "the server could not find the requested resource")
		return
	}
	kind, name := rest[5], ""
	if len(rest) > 6 {
		name = rest[6]
	}
	k.s.locked(func() { k.get(w, cluster, rest[4], kind, name) })
}

func (k *kube) get(w http.ResponseWriter, cluster, namespace, kind, name string) {
	var found []any
	for _, f := range k.objects {
		if f.Context != cluster || f.Namespace != namespace || name != "" && f.Kustomization != name {
			continue
		}
		switch kind {
		case "kustomizations":
			found = append(found, k.kustomization(f))
		case "gitrepositories":
			found = append(found, k.gitRepository(f))
		}
	}
	switch {
	case name == "":
		list := map[string]string{"kustomizations": kustomize.KustomizationKind, "gitrepositories": source.GitRepositoryKind}
		versions := map[string]string{"kustomizations": kustomize.GroupVersion.String(),
			"gitrepositories": source.GroupVersion.String()}
		answer(w, http.StatusOK, map[string]any{
			"apiVersion": versions[kind], "kind": list[kind] + "List", "metadata": map[string]any{"resourceVersion": "1"},
			"items": slices.Concat([]any{}, found),
		})
	case len(found) == 0:
		status(w, http.StatusNotFound, metav1.StatusReasonNotFound, fmt.Sprintf("%s %q not found", kind, name))
	default:
		answer(w, http.StatusOK, found[0])
	}
}

// status is a refusal as Kubernetes writes it.
func status(w http.ResponseWriter, code int32, reason metav1.StatusReason, message string) {
	answer(w, int(code), metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Code: code,
		Reason: reason, Message: message,
	})
}

// writeKubeconfig writes a kubeconfig with one context per cluster.
func (k *kube) writeKubeconfig(path string) error {
	type named = map[string]any
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.s.clusters.Certificate().Raw})
	var clusters, contexts []named
	for _, f := range k.objects {
		if slices.ContainsFunc(clusters, func(c named) bool { return c["name"] == f.Context }) {
			continue
		}
		clusters = append(clusters, named{"name": f.Context, "cluster": named{
			"server": k.s.clusters.URL + "/clusters/" + f.Context, "certificate-authority-data": ca,
		}})
		contexts = append(contexts, named{"name": f.Context, "context": named{"cluster": f.Context, "user": "sandbox"}})
	}
	raw, err := yaml.Marshal(named{
		"apiVersion": "v1", "kind": "Config", "clusters": clusters, "contexts": contexts,
		"users": []named{{"name": "sandbox", "user": named{"token": kubeToken}}},
	})
	if err != nil {
		return err
	}
	return os.WriteFile(path, raw, 0o600)
}
