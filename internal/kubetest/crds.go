package kubetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"go.etcd.io/etcd/server/v3/etcdserver/api/v3client"
	apps "k8s.io/api/apps/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// fluxAPIs are the packages whose kinds are served.
var fluxAPIs = []string{
	"github.com/fluxcd/helm-controller/api/v2",
	"github.com/fluxcd/kustomize-controller/api/v1",
	"github.com/fluxcd/source-controller/api/v1",
}

// generateCRDs makes the definitions from Flux' own Go types, with the tool
// that Flux itself uses, in the version that go.mod states.
func generateCRDs(ctx context.Context, dir string) ([]*apiextensions.CustomResourceDefinition, error) {
	cmd := exec.CommandContext(ctx, "go", "tool", "controller-gen",
		"crd:crdVersions=v1", "paths="+strings.Join(fluxAPIs, ";"), "output:crd:artifacts:config="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		told, _, _ := strings.Cut(string(out), "\nUsage:") // all of it follows
		return nil, fmt.Errorf("generate the custom resource definitions: %w\n%s", err, told)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("controller-gen made no custom resource definitions")
	}
	var crds []*apiextensions.CustomResourceDefinition
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		crd := &apiextensions.CustomResourceDefinition{}
		if err := yaml.UnmarshalStrict(raw, crd); err != nil {
			return nil, fmt.Errorf("read %s: %w", filepath.Base(file), err)
		}
		crds = append(crds, crd)
	}
	return crds, nil
}

// install creates the definitions and waits until their kinds are served.
func (s *Server) install(ctx context.Context, crds []*apiextensions.CustomResourceDefinition) error {
	plain, err := rest.UnversionedRESTClientFor(s.rawConfig())
	if err != nil {
		return err
	}
	for _, crd := range crds {
		if err := s.client.Create(ctx, crd); err != nil {
			return fmt.Errorf("create the definition %s: %w", crd.Name, err)
		}
	}
	for _, crd := range append(crds, deployments()) {
		if err := poll(ctx, func() error { return s.backdate(ctx, crd.Name) }); err != nil {
			return fmt.Errorf("the definition %s: %w", crd.Name, err)
		}
		for _, v := range crd.Spec.Versions {
			path := "/apis/" + crd.Spec.Group + "/" + v.Name + "/" + crd.Spec.Names.Plural
			if err := poll(ctx, func() error { return plain.Get().AbsPath(path).Do(ctx).Error() }); err != nil {
				return fmt.Errorf("serve %s: %w", path, err)
			}
		}
	}
	return nil
}

// backdate says that a definition was established a while ago: the server
// sleeps for 2 s in a create of a kind that was established just now.
func (s *Server) backdate(ctx context.Context, name string) error {
	return retry.RetryOnConflict(retry.DefaultRetry, func() error {
		var crd apiextensions.CustomResourceDefinition
		if err := s.client.Get(ctx, client.ObjectKey{Name: name}, &crd); err != nil {
			return err
		}
		for i := range crd.Status.Conditions {
			c := &crd.Status.Conditions[i]
			if c.Type != apiextensions.Established || c.Status != apiextensions.ConditionTrue {
				continue
			}
			if time.Since(c.LastTransitionTime.Time) > longAgo/2 {
				return nil
			}
			c.LastTransitionTime = metav1.NewTime(time.Now().Add(-longAgo))
			return s.client.Status().Update(ctx, &crd)
		}
		return errors.New("it is not established")
	})
}

const longAgo = time.Minute

// storeDeployments puts the definition of apps/v1 Deployments into etcd: the
// server refuses to create it, since a group without a dot is Kubernetes' own.
func (s *Server) storeDeployments(ctx context.Context) error {
	raw, err := json.Marshal(deployments())
	if err != nil {
		return err
	}
	etcd := v3client.New(s.etcd.Server)
	defer func() { _ = etcd.Close() }()
	key := storagePrefix + "/" + apiextensions.GroupName + "/customresourcedefinitions/" + deployments().Name
	_, err = etcd.Put(ctx, key, string(raw))
	return err
}

// deployments has a schema that lets every specification and status pass.
func deployments() *apiextensions.CustomResourceDefinition {
	anything := apiextensions.JSONSchemaProps{Type: "object", XPreserveUnknownFields: new(true)}
	names := apiextensions.CustomResourceDefinitionNames{Plural: "deployments", Singular: "deployment", Kind: "Deployment",
		ListKind: "DeploymentList"}
	before := metav1.NewTime(time.Now().Add(-longAgo))
	var conditions []apiextensions.CustomResourceDefinitionCondition
	for _, t := range []apiextensions.CustomResourceDefinitionConditionType{apiextensions.NamesAccepted,
		apiextensions.Established} {
		conditions = append(conditions, apiextensions.CustomResourceDefinitionCondition{
			Type: t, Status: apiextensions.ConditionTrue, LastTransitionTime: before, Reason: "Kubetest",
		})
	}
	return &apiextensions.CustomResourceDefinition{
		TypeMeta: metav1.TypeMeta{APIVersion: apiextensions.SchemeGroupVersion.String(), Kind: "CustomResourceDefinition"},
		ObjectMeta: metav1.ObjectMeta{Name: names.Plural + "." + apps.GroupName, UID: "deployments", Generation: 1,
			CreationTimestamp: before},
		Spec: apiextensions.CustomResourceDefinitionSpec{
			Group: apps.GroupName, Names: names, Scope: apiextensions.NamespaceScoped,
			Conversion: &apiextensions.CustomResourceConversion{Strategy: apiextensions.NoneConverter},
			Versions: []apiextensions.CustomResourceDefinitionVersion{{
				Name: apps.SchemeGroupVersion.Version, Served: true, Storage: true,
				Subresources: &apiextensions.CustomResourceSubresources{Status: &apiextensions.CustomResourceSubresourceStatus{}},
				Schema: &apiextensions.CustomResourceValidation{OpenAPIV3Schema: &apiextensions.JSONSchemaProps{
					Type: "object", Properties: map[string]apiextensions.JSONSchemaProps{"spec": anything, "status": anything},
				}},
			}},
		},
		Status: apiextensions.CustomResourceDefinitionStatus{
			AcceptedNames: names, Conditions: conditions, StoredVersions: []string{apps.SchemeGroupVersion.Version},
		},
	}
}

// socket is the address of a socket in a directory.
func socket(dir, name string) []url.URL {
	return []url.URL{{Scheme: "unix", Path: filepath.Join(dir, name+".sock")}}
}
