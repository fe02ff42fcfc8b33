// Package flux is a thin adapter that reads what Flux reports, through the
// Kubernetes API and Flux' own types. It only reads, makes no retries and never
// imports Temporal. What a failure means belongs into internal/rules.
package flux

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	helm "github.com/fluxcd/helm-controller/api/v2"
	kustomize "github.com/fluxcd/kustomize-controller/api/v1"
	source "github.com/fluxcd/source-controller/api/v1"
	"github.com/go-logr/logr"
	apps "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/release-train/release-train/internal/train"
)

// Options say where the clusters are described.
type Options struct {
	// Kubeconfig is a path; empty: KUBECONFIG and the default file.
	Kubeconfig string
}

// Client reads Flux objects in several clusters, one per kubeconfig context.
type Client struct {
	kubeconfig string
	configs    map[string]*rest.Config // in place of the kubeconfig's contexts
	scheme     *runtime.Scheme

	mu       sync.Mutex
	clusters map[string]client.Reader
}

// quiet keeps controller-runtime from warning that nobody set its logger.
var quiet sync.Once

// New makes a client. Clusters are connected to when they are first asked.
func New(o Options) (*Client, error) {
	quiet.Do(func() { log.SetLogger(logr.Discard()) })
	scheme := runtime.NewScheme()
	if err := errors.Join(kustomize.AddToScheme(scheme), source.AddToScheme(scheme), helm.AddToScheme(scheme),
		apps.AddToScheme(scheme)); err != nil {
		return nil, fmt.Errorf("register the Flux types: %w", err)
	}
	return &Client{kubeconfig: o.Kubeconfig, scheme: scheme, clusters: map[string]client.Reader{}}, nil
}

// NewWithConfigs makes a client that reaches clusters, by context, as it is told;
// the configurations are taken as they are, with their limits.
func NewWithConfigs(configs map[string]*rest.Config) (*Client, error) {
	c, err := New(Options{})
	if err != nil {
		return nil, err
	}
	c.configs = configs
	return c, nil
}

// NewWithReaders makes a client over given readers by context, for tests.
func NewWithReaders(readers map[string]client.Reader) *Client {
	return &Client{clusters: readers}
}

// State reads a Flux object, the GitRepository that it follows and, where
// configured, the workload whose image tells the version.
func (c *Client) State(ctx context.Context, object train.FluxObject) (State, error) {
	cluster, err := c.cluster(object.Context)
	if err != nil {
		return State{}, err
	}
	s, err := stateIn(ctx, cluster, object)
	if err != nil || object.Image == "" {
		return s, err
	}
	namespace, rest, _ := strings.Cut(object.Image, "/")
	name, container, _ := strings.Cut(rest, "/")
	var d apps.Deployment
	key := client.ObjectKey{Namespace: namespace, Name: name}
	if err := cluster.Get(ctx, key, &d); err != nil {
		return State{}, fault(object, "Deployment", key, err)
	}
	if s, err = s.withImage(&d, container, object.TagPrefix); err != nil {
		return State{}, &train.Fault{
			System: "Flux", Kind: train.FaultInvalid, Tried: "read the version of " + object.Image, Answer: err.Error(),
			Advice: "Check flux.image in release.yaml",
		}
	}
	return s, nil
}

func stateIn(ctx context.Context, cluster client.Reader, object train.FluxObject) (State, error) {
	key := client.ObjectKey{Namespace: object.Namespace, Name: object.Kustomization}
	if object.HelmRelease != "" {
		key.Name = object.HelmRelease
		var h helm.HelmRelease
		if err := cluster.Get(ctx, key, &h); err != nil {
			return State{}, fault(object, "HelmRelease", key, err)
		}
		return helmState(&h, object.TagPrefix), nil
	}
	var k kustomize.Kustomization
	if err := cluster.Get(ctx, key, &k); err != nil {
		return State{}, fault(object, "Kustomization", key, err)
	}
	ref := k.Spec.SourceRef
	if ref.Kind != source.GitRepositoryKind {
		return kustomizationState(&k, nil), nil
	}
	var repo source.GitRepository
	key = client.ObjectKey{Namespace: ref.Namespace, Name: ref.Name}
	if key.Namespace == "" {
		key.Namespace = object.Namespace
	}
	if err := cluster.Get(ctx, key, &repo); err != nil {
		return State{}, fault(object, ref.Kind, key, err)
	}
	return kustomizationState(&k, &repo), nil
}

const (
	// callWithin bounds one call to a cluster.
	callWithin = 20 * time.Second
	// callsPerSecond lets several trains look at one cluster; the library's own
	// default of 5 would queue them silently.
	callsPerSecond = 50
)

// cluster is the reader of a context, connected at the first use.
func (c *Client) cluster(name string) (client.Reader, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r, ok := c.clusters[name]; ok {
		return r, nil
	}
	config := c.configs[name]
	if config == nil {
		var err error
		if config, err = c.config(name); err != nil {
			return nil, err
		}
		config.Timeout = callWithin
		config.QPS, config.Burst = callsPerSecond, 2*callsPerSecond
	}
	r, err := client.New(config, client.Options{Scheme: c.scheme, Mapper: mapper()})
	if err != nil {
		return nil, &train.Fault{System: "Flux", Kind: train.FaultInvalid,
			Tried: "connect to the cluster " + name, Answer: err.Error()}
	}
	c.clusters[name] = r
	return r, nil
}

func (c *Client) config(name string) (*rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = c.kubeconfig
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules,
		&clientcmd.ConfigOverrides{CurrentContext: name})
	f := &train.Fault{System: "Flux", Kind: train.FaultInvalid, Tried: "find the cluster " + name,
		Advice: "Check KUBECONFIG and flux.context in release.yaml"}
	raw, err := loader.RawConfig()
	if err != nil {
		f.Answer = err.Error()
		return nil, f
	}
	if _, ok := raw.Contexts[name]; !ok {
		f.Answer = "the kubeconfig has the contexts " + strings.Join(slices.Sorted(maps.Keys(raw.Contexts)), ", ")
		return nil, f
	}
	config, err := loader.ClientConfig()
	if err != nil {
		f.Answer = err.Error()
		return nil, f
	}
	return config, nil
}

// mapper knows the kinds that are read, so that no discovery is needed.
func mapper() apimeta.RESTMapper {
	m := apimeta.NewDefaultRESTMapper(nil)
	m.Add(kustomize.GroupVersion.WithKind(kustomize.KustomizationKind), apimeta.RESTScopeNamespace)
	m.Add(source.GroupVersion.WithKind(source.GitRepositoryKind), apimeta.RESTScopeNamespace)
	m.Add(helm.GroupVersion.WithKind(helm.HelmReleaseKind), apimeta.RESTScopeNamespace)
	m.Add(apps.SchemeGroupVersion.WithKind("Deployment"), apimeta.RESTScopeNamespace)
	return m
}

// fault turns a Kubernetes error into ours.
func fault(object train.FluxObject, kind string, key client.ObjectKey, err error) error {
	f := &train.Fault{
		System: "Flux", Kind: train.FaultUnavailable, Answer: shortError(err),
		Tried: fmt.Sprintf("read the %s %s in cluster %s", kind, key, object.Context),
	}
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		f.Status = int(status.Status().Code)
	}
	switch {
	case apierrors.IsNotFound(err), apimeta.IsNoMatchError(err):
		f.Kind, f.Advice = train.FaultNotFound, "Check flux in release.yaml: namespace and name"
	case apierrors.IsUnauthorized(err):
		f.Kind, f.Advice = train.FaultAuth, "Renew the credentials in the kubeconfig"
	case apierrors.IsForbidden(err):
		f.Kind, f.Advice = train.FaultForbidden, "Give the account get, list and watch on kustomizations, gitrepositories, "+
			"helmreleases and deployments"
	case apierrors.IsTooManyRequests(err):
		f.Kind = train.FaultRateLimited
		if seconds, ok := apierrors.SuggestsClientDelay(err); ok {
			f.RetryAfter = time.Duration(seconds) * time.Second
		}
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err):
		f.Kind = train.FaultInvalid
	}
	return f
}

// shortError leaves the URL out that network errors carry.
func shortError(err error) string {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return short(status.Status().Message)
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err.Error()
}
