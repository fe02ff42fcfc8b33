package flux

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	helm "github.com/fluxcd/helm-controller/api/v2"
	kustomize "github.com/fluxcd/kustomize-controller/api/v1"
	source "github.com/fluxcd/source-controller/api/v1"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/release-train/release-train/internal/train"
)

// State is what Flux reports of one object, its source and, where configured,
// the workload whose image tells the version.
type State struct {
	// Running is what has been applied and passed its health checks.
	Running train.Version
	// Attempted are the versions that were tried last, Running among them when it worked.
	Attempted []train.Version
	// Fetched is what the GitRepository holds, Wanted the ref it is to follow.
	Fetched train.Version
	Wanted  string

	Suspended, Ready, Reconciling, Stalled bool
	// Observed says that the controller has seen the newest specification.
	Observed bool
	// Reason and Message are those of the Ready condition.
	Reason, Message string
	// ReadySince is when it became ready last; Flux takes the condition back
	// whenever it reconciles. Zero: it is not, or it tells nothing of the version.
	ReadySince time.Time

	SourceReady, SourceStalled, SourceSuspended bool
	SourceReason, SourceMessage                 string
	// Waits says that Ready means healthy, not only applied.
	Waits bool
	// Grace is how long a failure may stand before it is believed: Flux tries
	// again by itself, so at least one more time-out and one more interval.
	Grace time.Duration

	name string // kind and name of the object
}

// Phase is where a candidate is on its way into the cluster.
type Phase string

// Phases. All but RolledOut and Stalled may still change by themselves.
const (
	// RolledOut: it runs, is healthy, and nothing is under way.
	RolledOut Phase = "rolled-out"
	// Progressing: it is being applied, or its health is being waited for.
	Progressing Phase = "progressing"
	// NotFetched: the source does not hold it yet.
	NotFetched Phase = "not-fetched"
	// Failing: Flux tried it, or its source, and failed; it goes on trying.
	Failing Phase = "failing"
	// Stalled: Flux has given up until the specification changes.
	Stalled Phase = "stalled"
	// Suspended: Flux is told not to reconcile.
	Suspended Phase = "suspended"
)

// Progress is where a candidate is, and why.
type Progress struct {
	Phase Phase
	// Reason is Flux' own word, for the table of failures; may be empty.
	Reason string
	// Why is a sentence; empty when it is rolled out.
	Why string
}

// Bad says whether the phase is the end unless somebody or a further try of
// Flux mends it.
func (p Progress) Bad() bool { return p.Phase == Failing || p.Phase == Stalled || p.Phase == Suspended }

// kustomizationState reads a Kustomization and its GitRepository (nil: of another kind or missing).
func kustomizationState(k *kustomize.Kustomization, repo *source.GitRepository) State {
	s := State{
		name: "Kustomization " + k.Name, Suspended: k.Spec.Suspend, Observed: k.Generation == k.Status.ObservedGeneration,
		Reconciling: apimeta.IsStatusConditionTrue(k.Status.Conditions, "Reconciling"),
		Stalled:     apimeta.IsStatusConditionTrue(k.Status.Conditions, "Stalled"),
		Waits:       k.Spec.Wait || len(k.Spec.HealthChecks) > 0,
		SourceReady: true, Grace: k.GetTimeout() + k.GetRetryInterval(),
	}
	s.Ready, s.Reason, s.Message = ready(k.Status.Conditions)
	s.ReadySince = readySince(k.Status.Conditions)
	s.Running = version(k.Status.LastAppliedRevision)
	if k.Spec.SourceRef.Kind != source.GitRepositoryKind && k.Status.LastAppliedOriginRevision != "" {
		s.Running = version(k.Status.LastAppliedOriginRevision) // an artifact that was made of a commit
	}
	attempted := version(k.Status.LastAttemptedRevision)
	if repo != nil {
		s.SourceReady, s.SourceReason, s.SourceMessage = ready(repo.Status.Conditions)
		s.SourceStalled = apimeta.IsStatusConditionTrue(repo.Status.Conditions, "Stalled")
		s.SourceSuspended = repo.Spec.Suspend
		if repo.Status.Artifact != nil {
			s.Fetched = version(repo.Status.Artifact.Revision)
		}
		var branch bool
		s.Wanted, branch = followed(repo.Spec.Reference)
		if branch { // its revisions carry the branch's name where others carry a tag
			s.Running.Tag, attempted.Tag, s.Fetched.Tag = "", "", ""
		}
	}
	s.Attempted = []train.Version{attempted}
	return s
}

// helmState reads a HelmRelease. Its history is newest first; only a snapshot
// that is deployed runs, a failed one was tried.
func helmState(h *helm.HelmRelease, prefix string) State {
	s := State{
		name: "HelmRelease " + h.Name, Suspended: h.Spec.Suspend, SourceReady: true, Waits: true,
		Observed:    h.Generation == min(h.Status.ObservedGeneration, h.Status.LastAttemptedGeneration),
		Reconciling: apimeta.IsStatusConditionTrue(h.Status.Conditions, "Reconciling"),
		Stalled:     apimeta.IsStatusConditionTrue(h.Status.Conditions, "Stalled"),
		Grace:       h.GetTimeout().Duration + h.GetRequeueAfter(),
	}
	s.Ready, s.Reason, s.Message = ready(h.Status.Conditions)
	s.ReadySince = readySince(h.Status.Conditions)
	if s.Ready && apimeta.IsStatusConditionFalse(h.Status.Conditions, helm.ReleasedCondition) {
		s.Ready = false
	}
	for _, snapshot := range h.Status.History {
		v := named(prefix, cmp.Or(snapshot.AppVersion, snapshot.ChartVersion))
		if snapshot.Status == "deployed" && s.Running.IsZero() {
			s.Running = v
		}
		if snapshot.Status == "deployed" || snapshot.Status == "failed" {
			s.Attempted = append(s.Attempted, v)
		}
	}
	s.Attempted = append(s.Attempted, named(prefix, h.Status.LastAttemptedRevision))
	return s
}

// withImage lets the image of a workload's container tell the version; what
// Flux applies then names something else.
func (s State) withImage(d *apps.Deployment, container, prefix string) (State, error) {
	i := slices.IndexFunc(d.Spec.Template.Spec.Containers, func(c core.Container) bool { return c.Name == container })
	if i < 0 {
		var names []string
		for _, c := range d.Spec.Template.Spec.Containers {
			names = append(names, c.Name)
		}
		return s, fmt.Errorf("the Deployment %s has no container %s, it has %s", d.Name, container, strings.Join(names, ", "))
	}
	image := d.Spec.Template.Spec.Containers[i].Image
	s.Running, s.Fetched = named(prefix, imageTag(image)), train.Version{}
	s.Attempted = []train.Version{s.Running}
	s.ReadySince = time.Time{} // what Flux applied; the image may be of another time
	wanted := int32(1)
	if d.Spec.Replicas != nil {
		wanted = *d.Spec.Replicas
	}
	st := d.Status
	for _, c := range st.Conditions {
		if c.Type == apps.DeploymentProgressing && c.Reason == "ProgressDeadlineExceeded" {
			s.Ready, s.Reason, s.Message = false, "HealthCheckFailed", c.Message
		}
	}
	if d.Generation != st.ObservedGeneration || st.UpdatedReplicas != wanted || st.Replicas != wanted ||
		st.AvailableReplicas != wanted {
		s.Reconciling = true
	}
	return s, nil
}

// imageTag is what follows the last colon of an image's name, without a digest.
func imageTag(image string) string {
	image, _, _ = strings.Cut(image, "@")
	name := image[strings.LastIndex(image, "/")+1:]
	_, tag, _ := strings.Cut(name, ":")
	return tag
}

var shaPattern = regexp.MustCompile(`^[0-9a-f]{7,40}$`)

// named is the version that a chart or an image names: our tag with or without
// its prefix and its v, or a commit. A digest that Helm appends with + does not count.
func named(prefix, name string) train.Version {
	name, _, _ = strings.Cut(name, "+")
	for _, tag := range []string{name, prefix + name, prefix + "v" + name} {
		if _, err := train.ParseTag(prefix, tag); err == nil {
			return train.Version{Tag: tag}
		}
	}
	if shaPattern.MatchString(name) {
		return train.Version{SHA: name}
	}
	return train.Version{Tag: name}
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

// readySince is when the Ready condition became true; zero: it is not.
func readySince(conditions []metav1.Condition) time.Time {
	if c := apimeta.FindStatusCondition(conditions, "Ready"); c != nil && c.Status == metav1.ConditionTrue {
		return c.LastTransitionTime.Time
	}
	return time.Time{}
}

func ready(conditions []metav1.Condition) (ok bool, reason, message string) {
	c := apimeta.FindStatusCondition(conditions, "Ready")
	if c == nil {
		return false, "", "it has not been reconciled yet"
	}
	return c.Status == metav1.ConditionTrue, c.Reason, c.Message
}

// Progress says where a candidate is. An unknown tag leaves the Kustomization
// ready on the old revision while its GitRepository fails: that is never success.
// fails says which reasons of Ready=False mean that a revision failed.
func (s State) Progress(c train.Candidate, fails func(reason string) bool) Progress {
	runs := s.Running.Is(c)
	kind, name, _ := strings.Cut(s.name, " ")
	switch {
	case s.Suspended: // also where it runs: nothing would mend it if it broke
		return Progress{Suspended, train.FluxSuspended, fmt.Sprintf("the %s is suspended: resume it with flux resume %s %s",
			s.name, strings.ToLower(kind), name)}
	case runs && s.Ready && s.Observed && !s.Reconciling:
		return Progress{Phase: RolledOut}
	case !runs && !s.Fetched.Is(c) && s.SourceSuspended:
		return Progress{Suspended, train.FluxSuspended,
			fmt.Sprintf("the source of the %s is suspended, it holds %s", s.name, s.Fetched)}
	case !runs && !s.Fetched.Is(c) && !s.SourceReady:
		p := Progress{Failing, s.SourceReason, fmt.Sprintf("Flux has not fetched %s: %s", c.Tag, short(s.SourceMessage))}
		switch {
		case s.SourceStalled:
			p.Phase = Stalled
		case s.SourceReason == "" || s.SourceReason == "Progressing":
			p.Phase = NotFetched
		}
		return p
	case !runs && !s.Fetched.Is(c) && s.Fetched != (train.Version{}):
		return Progress{Phase: NotFetched, Why: fmt.Sprintf("Flux has not fetched %s yet, it holds %s", c.Tag, s.Fetched)}
	case s.Stalled && !s.Ready && s.tried(c):
		return Progress{Stalled, train.FluxStalled, fmt.Sprintf("Flux has given up on %s (%s: %s)", c.Tag,
			s.Reason, short(s.Message))}
	case !s.Ready && s.tried(c) && fails(s.Reason):
		return Progress{Failing, s.Reason, fmt.Sprintf("Flux could not roll out %s (%s: %s)", c.Tag,
			s.Reason, short(s.Message))}
	case !runs && !s.Ready:
		return Progress{Phase: Progressing, Why: fmt.Sprintf("%s is not applied yet (%s: %s), %s runs", c.Tag, s.Reason,
			short(s.Message), s.Running)}
	case !runs:
		return Progress{Phase: Progressing, Why: fmt.Sprintf("%s is not applied yet, %s runs", c.Tag, s.Running)}
	case !s.Ready:
		return Progress{Phase: Progressing, Why: fmt.Sprintf("%s is applied but not ready (%s: %s)", c.Tag,
			s.Reason, short(s.Message))}
	}
	return Progress{Phase: Progressing, Why: c.Tag + " is being reconciled"}
}

// tried says whether what Flux tried last is the candidate: a failure of the
// old revision is none of it.
func (s State) tried(c train.Candidate) bool {
	return slices.ContainsFunc(s.Attempted, func(v train.Version) bool { return v.Is(c) })
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
