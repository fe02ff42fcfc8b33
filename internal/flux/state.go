package flux

import (
	"fmt"
	"slices"
	"strings"

	kustomize "github.com/fluxcd/kustomize-controller/api/v1"
	source "github.com/fluxcd/source-controller/api/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/release-train/release-train/internal/train"
)

// State is what Flux reports of one Kustomization and its GitRepository.
type State struct {
	// Running is what has been applied and passed its health checks.
	Running train.Version
	// Attempted is what was tried last; equal to Running when it worked.
	Attempted train.Version
	// Fetched is what the GitRepository holds, Wanted the ref it is to follow.
	Fetched train.Version
	Wanted  string

	Suspended, Ready, Reconciling, Stalled bool
	// Observed says that the controller has seen the newest specification.
	Observed bool
	// Reason and Message are those of the Ready condition.
	Reason, Message string

	SourceReady                 bool
	SourceReason, SourceMessage string
	// Waits says that Ready means healthy, not only applied.
	Waits bool

	name string
}

// stateOf reads a Kustomization and its GitRepository (nil: of another kind or missing).
func stateOf(k *kustomize.Kustomization, repo *source.GitRepository) State {
	s := State{
		name: k.Name, Suspended: k.Spec.Suspend, Observed: k.Generation == k.Status.ObservedGeneration,
		Reconciling: apimeta.IsStatusConditionTrue(k.Status.Conditions, "Reconciling"),
		Stalled:     apimeta.IsStatusConditionTrue(k.Status.Conditions, "Stalled"),
		Waits:       k.Spec.Wait || len(k.Spec.HealthChecks) > 0,
		SourceReady: true,
	}
	s.Ready, s.Reason, s.Message = ready(k.Status.Conditions)
	s.Running = version(k.Status.LastAppliedRevision)
	s.Attempted = version(k.Status.LastAttemptedRevision)
	if repo == nil {
		return s
	}
	s.SourceReady, s.SourceReason, s.SourceMessage = ready(repo.Status.Conditions)
	if repo.Status.Artifact != nil {
		s.Fetched = version(repo.Status.Artifact.Revision)
	}
	var branch bool
	s.Wanted, branch = followed(repo.Spec.Reference)
	if branch { // its revisions carry the branch's name where others carry a tag
		s.Running.Tag, s.Attempted.Tag, s.Fetched.Tag = "", "", ""
	}
	return s
}

// followed is the ref that a GitRepository follows, by Flux' own precedence,
// and whether it is a branch. Without a ref Flux follows master.
func followed(ref *source.GitRepositoryRef) (name string, branch bool) {
	if ref == nil {
		return "master", true
	}
	for _, name := range []string{ref.Commit, ref.Name, ref.SemVer, ref.Tag} {
		if name != "" {
			return name, strings.HasPrefix(name, "refs/heads/")
		}
	}
	return ref.Branch, true
}

// version is what a revision names; zero when it names nothing we know.
func version(revision string) train.Version {
	v, err := ParseRevision(revision)
	if err != nil {
		return train.Version{}
	}
	return v
}

func ready(conditions []metav1.Condition) (ok bool, reason, message string) {
	c := apimeta.FindStatusCondition(conditions, "Ready")
	if c == nil {
		return false, "", "it has not been reconciled yet"
	}
	return c.Status == metav1.ConditionTrue, c.Reason, c.Message
}

// RolledOut says whether the candidate runs and is healthy, and if not, what is
// missing. An unknown tag leaves the Kustomization ready on the old revision
// while its GitRepository fails: that is never success.
func (s State) RolledOut(c train.Candidate) (done bool, missing string) {
	switch {
	case s.Suspended:
		return false, fmt.Sprintf("the Kustomization %s is suspended: resume it with flux resume kustomization %s", s.name, s.name)
	case s.Running.Is(c) && s.Ready && s.Observed && !s.Reconciling:
		return true, ""
	case !s.Running.Is(c) && !s.Fetched.Is(c) && !s.SourceReady:
		return false, fmt.Sprintf("Flux has not fetched %s: %s", c.Tag, short(s.SourceMessage))
	case !s.Running.Is(c) && !s.Fetched.Is(c) && s.Fetched != (train.Version{}):
		return false, fmt.Sprintf("Flux has not fetched %s yet, it holds %s", c.Tag, s.Fetched)
	case !s.Running.Is(c) && !s.Ready:
		return false, fmt.Sprintf("%s is not applied yet (%s: %s), %s runs", c.Tag, s.Reason, short(s.Message), s.Running)
	case !s.Running.Is(c):
		return false, fmt.Sprintf("%s is not applied yet, %s runs", c.Tag, s.Running)
	case !s.Ready:
		return false, fmt.Sprintf("%s is applied but not ready (%s: %s)", c.Tag, s.Reason, short(s.Message))
	default:
		return false, fmt.Sprintf("%s is being reconciled", c.Tag)
	}
}

// failures are the reasons of Ready=False that mean that a revision failed.
// Source: kustomize-controller/api/v1, condition reasons.
var failures = []string{
	"BuildFailed", "ArtifactFailed", "HealthCheckFailed", "PruneFailed", "DependencyNotReady", "ReconciliationFailed",
}

// Failed says whether Flux tried the candidate and failed, and why. Flux goes
// on trying, so a failure that has just begun need not be the end.
func (s State) Failed(c train.Candidate) (failed bool, why string) {
	if !s.Attempted.Is(c) || s.Ready {
		return false, ""
	}
	if s.Stalled || slices.Contains(failures, s.Reason) {
		return true, fmt.Sprintf("Flux could not roll out %s (%s: %s)", c.Tag, s.Reason, short(s.Message))
	}
	return false, ""
}

// shownMessage bounds what is shown of a condition's message, which may be 20,000 characters.
const shownMessage = 300

func short(message string) string {
	message = strings.Join(strings.Fields(message), " ")
	if len(message) > shownMessage {
		message = strings.ToValidUTF8(message[:shownMessage], "") + "…"
	}
	return message
}
