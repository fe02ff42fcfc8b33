// Package kubetest runs a real Kubernetes API server with Flux' own custom
// resource definitions inside the test's process: the part of Kubernetes that
// serves custom resources (k8s.io/apiextensions-apiserver) over an embedded
// etcd. It refuses what the schemas refuse, keeps status apart from
// specification and counts generations as a cluster does. It has no
// controllers, no admission, no garbage collection and no Namespaces: an object
// may be created in any namespace. It is a module of its own, so that the API
// server and etcd do not get into the main module's requirements.
package kubetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	helm "github.com/fluxcd/helm-controller/api/v2"
	kustomize "github.com/fluxcd/kustomize-controller/api/v1"
	source "github.com/fluxcd/source-controller/api/v1"
	"github.com/go-logr/logr"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"
	apps "k8s.io/api/apps/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver"
	"k8s.io/apiextensions-apiserver/pkg/cmd/server/options"
	"k8s.io/apiextensions-apiserver/pkg/generated/openapi"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	openapinamer "k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/util/compatibility"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

const (
	// readyWithin bounds the start of etcd and that of the API server.
	readyWithin = time.Minute
	// storagePrefix is where the server keeps its objects in etcd.
	storagePrefix = "/registry"
)

// Server is a running API server.
type Server struct {
	dir    string
	etcd   *embed.Etcd
	config *rest.Config
	client client.Client
	stop   context.CancelFunc
	done   chan error
}

// Start starts a server with the Flux kinds (helm, kustomize and source) and
// apps/v1 Deployments. It listens on 127.0.0.1 and on a socket in a temporary
// directory only. The caller stops it.
func Start(ctx context.Context) (*Server, error) {
	beQuiet()
	s := &Server{}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Server) start(ctx context.Context) error {
	var err error
	if s.dir, err = temporaryDir(); err != nil {
		return err
	}
	type generated struct {
		crds []*apiextensions.CustomResourceDefinition
		err  error
	}
	generating := make(chan generated, 1)
	go func() { // takes some seconds, so beside the rest
		crds, err := generateCRDs(ctx, filepath.Join(s.dir, "crds"))
		generating <- generated{crds, err}
	}()
	err = s.startServers(ctx)
	g := <-generating
	if err := errors.Join(err, g.err); err != nil {
		return err
	}
	return s.install(ctx, g.crds)
}

func (s *Server) startServers(ctx context.Context) error {
	if err := s.startEtcd(); err != nil {
		return fmt.Errorf("start etcd: %w", err)
	}
	if err := s.storeDeployments(ctx); err != nil {
		return fmt.Errorf("store the Deployments' definition: %w", err)
	}
	if err := s.startAPI(ctx); err != nil {
		return fmt.Errorf("start the API server: %w", err)
	}
	return nil
}

// Stop stops the server and removes its files.
func (s *Server) Stop() error {
	var err error
	if s.stop != nil {
		s.stop()
		err = <-s.done
	}
	if s.etcd != nil {
		s.etcd.Close()
	}
	if s.dir != "" {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}

// Client writes and reads objects and their status, as a cluster's administrator.
func (s *Server) Client() client.Client { return s.client }

// Kubeconfig writes a kubeconfig file with the given contexts, all of them
// this server, and returns its path. The file is removed by Stop.
func (s *Server) Kubeconfig(contexts ...string) string {
	c := clientcmdapi.NewConfig()
	c.Clusters["kubetest"] = &clientcmdapi.Cluster{Server: s.config.Host, CertificateAuthorityData: s.config.CAData}
	c.AuthInfos["kubetest"] = &clientcmdapi.AuthInfo{Token: s.config.BearerToken}
	for _, name := range contexts {
		c.Contexts[name] = &clientcmdapi.Context{Cluster: "kubetest", AuthInfo: "kubetest"}
	}
	f, err := os.CreateTemp(s.dir, "kubeconfig-")
	if err == nil {
		err = errors.Join(f.Close(), clientcmd.WriteToFile(*c, f.Name()))
	}
	if err != nil {
		panic(fmt.Sprintf("kubetest: write a kubeconfig: %v", err))
	}
	return f.Name()
}

var quiet sync.Once

// beQuiet turns the logs off that are global to the process.
func beQuiet() {
	quiet.Do(func() {
		klog.LogToStderr(false)
		klog.SetOutput(io.Discard)
		klog.SetLogger(logr.Discard())
		log.SetLogger(logr.Discard())
	})
}

// temporaryDir is short enough for sockets, whose path has at most 107 bytes.
func temporaryDir() (string, error) {
	parent := os.TempDir()
	if len(parent) > 60 {
		parent = "/tmp"
	}
	return os.MkdirTemp(parent, "kubetest-")
}

func (s *Server) startEtcd() error {
	c := embed.NewConfig()
	c.Dir = filepath.Join(s.dir, "etcd")
	c.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
	c.TickMs, c.ElectionMs, c.UnsafeNoFsync = 10, 100, true
	c.ListenClientUrls = socket(s.dir, "client")
	c.AdvertiseClientUrls = c.ListenClientUrls
	c.ListenPeerUrls = socket(s.dir, "peer")
	c.AdvertisePeerUrls = c.ListenPeerUrls
	c.InitialCluster = c.InitialClusterFromName(c.Name)
	etcd, err := embed.StartEtcd(c)
	if err != nil {
		return err
	}
	s.etcd = etcd
	select {
	case <-etcd.Server.ReadyNotify():
		return nil
	case err := <-etcd.Err():
		return err
	case <-time.After(readyWithin):
		return errors.New("it is not ready")
	}
}

func (s *Server) startAPI(ctx context.Context) error {
	config, err := s.apiConfig()
	if err != nil {
		return err
	}
	completed := config.Complete()
	completed.GenericConfig.EnableDiscovery = true // Complete leaves that to an aggregator in front
	server, err := completed.New(genericapiserver.NewEmptyDelegate())
	if err != nil {
		return err
	}
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.done = make(chan error, 1)
	go func() { s.done <- server.GenericAPIServer.PrepareRun().RunWithContext(ctx) }()

	plain, err := rest.UnversionedRESTClientFor(s.rawConfig())
	if err != nil {
		return err
	}
	if err := poll(ctx, func() error { return plain.Get().AbsPath("/readyz").Do(ctx).Error() }); err != nil {
		return err
	}
	s.client, err = client.New(s.config, client.Options{Scheme: scheme()})
	return err
}

// apiConfig leaves out what the module's own command does: that wants a
// kube-apiserver for authentication, authorization and informers.
func (s *Server) apiConfig() (*apiserver.Config, error) {
	c := genericapiserver.NewRecommendedConfig(apiserver.Codecs)
	c.EffectiveVersion = compatibility.DefaultBuildEffectiveVersion()
	c.MergedResourceConfig = apiserver.DefaultAPIResourceConfigSource()
	namer := openapinamer.NewDefinitionNamer(apiserver.Scheme)
	c.OpenAPIConfig = genericapiserver.DefaultOpenAPIConfig(openapi.GetOpenAPIDefinitions, namer)
	c.OpenAPIV3Config = genericapiserver.DefaultOpenAPIV3Config(openapi.GetOpenAPIDefinitions, namer)
	c.Authentication.Authenticator = authenticator.RequestFunc(func(*http.Request) (*authenticator.Response, bool, error) {
		return &authenticator.Response{User: &user.DefaultInfo{Name: "kubetest",
			Groups: []string{user.SystemPrivilegedGroup}}}, true, nil
	})
	c.Authorization.Authorizer = authorizerfactory.NewAlwaysAllowAuthorizer()
	c.BuildHandlerChainFunc = func(handler http.Handler, c *genericapiserver.Config) http.Handler {
		return answerJSON(genericapiserver.DefaultBuildHandlerChain(handler, c))
	}
	if err := s.serveOn(c); err != nil {
		return nil, err
	}
	etcd := genericoptions.NewEtcdOptions(storagebackend.NewDefaultConfig(storagePrefix,
		apiserver.Codecs.LegacyCodec(apiextensions.SchemeGroupVersion)))
	etcd.StorageConfig.Transport.ServerList = []string{s.etcd.Config().ListenClientUrls[0].String()}
	etcd.EnableWatchCache = false // it would make the first watch of a kind wait for a second
	if err := etcd.ApplyTo(&c.Config); err != nil {
		return nil, err
	}
	return &apiserver.Config{GenericConfig: c, ExtraConfig: apiserver.ExtraConfig{
		CRDRESTOptionsGetter: options.NewCRDRESTOptionsGetter(*etcd, c.ResourceTransformers, c.StorageObjectCountTracker),
	}}, nil
}

// serveOn opens a port of its own on 127.0.0.1.
func (s *Server) serveOn(c *genericapiserver.RecommendedConfig) error {
	loopback := net.IPv4(127, 0, 0, 1)
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: loopback})
	if err != nil {
		return err
	}
	serving := genericoptions.NewSecureServingOptions()
	serving.Listener, serving.BindAddress, serving.ServerCert.CertDirectory = listener, loopback, ""
	if err := serving.MaybeDefaultWithSelfSignedCerts("localhost", nil, []net.IP{loopback}); err != nil {
		return err
	}
	if err := serving.WithLoopback().ApplyToConfig(&c.Config); err != nil {
		return err
	}
	c.ExternalAddress = listener.Addr().String()
	ca, _ := serving.ServerCert.GeneratedCert.CurrentCertKeyContent()
	s.config = &rest.Config{
		Host:            "https://" + listener.Addr().String(),
		BearerToken:     "kubetest", // any will do; kubectl asks for a name and password without one
		TLSClientConfig: rest.TLSClientConfig{CAData: ca},
		QPS:             -1,
	}
	s.config.ContentType = runtime.ContentTypeJSON // custom resources have no other
	return nil
}

// rawConfig is for requests of paths.
func (s *Server) rawConfig() *rest.Config {
	c := rest.CopyConfig(s.config)
	c.NegotiatedSerializer = apiserver.Codecs.WithoutConversion()
	return c
}

// answerJSON lets clients read Deployments that ask for protobuf, as typed
// clients do for the kinds that Kubernetes comes with: here they are custom
// resources, which have JSON only.
func answerJSON(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/apis/"+apps.SchemeGroupVersion.String()+"/") {
			r.Header.Set("Accept", runtime.ContentTypeJSON)
		}
		next.ServeHTTP(w, r)
	})
}

// scheme knows the kinds that tests write.
func scheme() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		apiextensions.AddToScheme, apps.AddToScheme, helm.AddToScheme, kustomize.AddToScheme, source.AddToScheme,
	} {
		if err := add(s); err != nil {
			panic(fmt.Sprintf("kubetest: register types: %v", err))
		}
	}
	return s
}

// poll calls until it goes well.
func poll(ctx context.Context, call func() error) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		err := call()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not within %s: %w", readyWithin, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
